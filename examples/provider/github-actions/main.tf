terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

variable "token_file" {
  description = "File with the OIDC token of the job; workflow.yml writes it."
  type        = string
}

# CAM trusts the token that GitHub signs for the job, so that no other credentials
# are needed. The file is read again for each refresh.
provider "teo" {
  assume_role_with_web_identity {
    provider_id             = "github-actions"
    web_identity_token_file = var.token_file
    role_arn                = "qcs::cam::uin/100000000001:roleName/edgeone-logs"
    session_name            = "github-actions"
  }
}

data "teo_zones" "all" {}
