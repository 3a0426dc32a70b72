provider "teo" {
  assume_role_with_saml {
    role_arn         = "my-role-arn"
    session_name     = "my-session-name"
    session_duration = 3600
    saml_assertion   = "my-saml-assertion"
    principal_arn    = "my-principal-arn"
  }
}
