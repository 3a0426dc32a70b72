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

# Credentials that `tccli configure` or `tccli auth login` has written.
provider "teo" {
  profile                = "production"
  shared_credentials_dir = var.profiles

  # The wrong profile must not read the logs of another account.
  allowed_account_ids = ["100000000001"]
}

data "teo_zones" "all" {}
