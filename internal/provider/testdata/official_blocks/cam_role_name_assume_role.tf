provider "teo" {
  cam_role_name = "my-cam-role-name"

  assume_role {
    role_arn         = "my-role-arn"
    session_name     = "my-session-name"
    policy           = "my-role-policy"
    session_duration = 3600
    external_id      = "my-external-id"
  }
}
