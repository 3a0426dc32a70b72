terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

# The role is assumed with the credentials that the other arguments or the
# environment give. They are refreshed before they expire, however long a run takes.
provider "teo" {
  assume_role {
    role_arn         = "qcs::cam::uin/100000000001:roleName/edgeone-logs"
    session_name     = "terraform"
    session_duration = 3600
    external_id      = "log-export"
  }
}

data "teo_zones" "all" {}
