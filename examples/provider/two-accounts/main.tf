terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

variable "profiles" {
  description = "Folder of tccli's profiles."
  type        = string
  default     = "~/.tccli"
}

provider "teo" {
  profile                = "production"
  shared_credentials_dir = var.profiles
}

provider "teo" {
  alias                  = "staging"
  profile                = "staging"
  shared_credentials_dir = var.profiles
}

data "teo_zones" "production" {}

data "teo_zones" "staging" {
  provider = teo.staging
}
