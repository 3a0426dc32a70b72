provider "teo" {
  assume_role_with_web_identity {
    provider_id             = "OIDC"
    role_arn                = "my-role-arn"
    session_name            = "my-session-name"
    session_duration        = 3600
    web_identity_token_file = "/AbsolutePath/to/your/secrets/web-identity-token-file"
  }
}
