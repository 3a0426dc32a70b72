provider "teo" {
  shared_credentials_dir = "/Users/tf_user/.tccli"
  profile                = "default"
}
