provider "teo" {
  secret_id  = "my-secret-id"
  secret_key = "my-secret-key"
  region     = "ap-guangzhou"

  mfa_certification {
    serial_number    = "qcs::cam:uin/{my-uin}::mfa/softToken"
    token_code       = "523886"
    duration_seconds = 1800
  }
}
