terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

# International accounts: teo.intl.tencentcloudapi.com and
# sts.intl.tencentcloudapi.com.
provider "teo" {
  domain = "intl.tencentcloudapi.com"
}

data "teo_zones" "all" {}
