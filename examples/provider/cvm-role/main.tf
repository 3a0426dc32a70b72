terraform {
  required_providers {
    teo = {
      source = "registry.terraform.io/edgeone-community/teo"
    }
  }
}

provider "teo" {
  cam_role_name = "edgeone-logs"
}

data "teo_zones" "all" {}
