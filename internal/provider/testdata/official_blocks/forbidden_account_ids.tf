provider "teo" {
  secret_id  = "my-secret-id"
  secret_key = "my-secret-key"
  region     = "ap-guangzhou"

  forbidden_account_ids = ["100023201223"]
}
