terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = ">= 0.1.0"
    }
  }
}

# Keys come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or from the
# default profile of tccli: nothing secret is written in a configuration.
provider "teo" {}

data "teo_zones" "all" {}
