provider "teo" {
  secret_id  = "my-secret-id"
  secret_key = "my-secret-key"
  region     = "ap-guangzhou"

  assume_role {
    role_arn         = "my-role-arn"
    session_name     = "my-session-name"
    policy           = "my-role-policy"
    session_duration = 3600
    serial_number    = "qcs::cam:uin/{my-uin}::mfa/softToken"
    token_code       = "523886"
  }
}
