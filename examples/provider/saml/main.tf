terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

variable "saml_assertion" {
  description = "SAML assertion of the identity provider, in base64."
  type        = string
  sensitive   = true
}

provider "teo" {
  assume_role_with_saml {
    saml_assertion = var.saml_assertion
    principal_arn  = "qcs::cam::uin/100000000001:saml-provider/my-idp"
    role_arn       = "qcs::cam::uin/100000000001:roleName/edgeone-logs"
    session_name   = "terraform"
  }
}

data "teo_zones" "all" {}
