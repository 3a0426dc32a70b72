terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {
  cam_role_name = "edgeone-logs"
}

data "teo_zones" "all" {}
