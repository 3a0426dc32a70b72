provider "teo" {
  shared_credentials_dir = "C:\\Users\\tf_user\\.tccli"
  profile                = "default"
}
