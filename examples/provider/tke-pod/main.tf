terraform {
  required_providers {
    teo = {
      source = "registry.terraform.io/edgeone-community/teo"
    }
  }
}

provider "teo" {
  enable_pod_oidc = true
}

data "teo_zones" "all" {}
