terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

variable "token_code" {
  description = "The code that the MFA device shows now."
  type        = string
  sensitive   = true
}

# The session is opened with the credentials of the environment.
provider "teo" {
  mfa_certification {
    serial_number    = "qcs::cam:uin/100000000001::mfa/softToken"
    token_code       = var.token_code
    duration_seconds = 1800
  }
}

data "teo_zones" "all" {}
