terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = ">= 0.1.0"
    }
  }
}

# Credentials come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or from
# tccli's default profile, so that the configuration contains no secrets.
provider "teo" {}

data "teo_zones" "all" {}
