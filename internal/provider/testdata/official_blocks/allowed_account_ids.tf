provider "teo" {
  secret_id  = "my-secret-id"
  secret_key = "my-secret-key"
  region     = "ap-guangzhou"

  allowed_account_ids   = ["100023201586", "100023201349"]
}
