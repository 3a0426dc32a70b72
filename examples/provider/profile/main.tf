terraform {
  required_providers {
    teo = {
      source = "registry.terraform.io/edgeone-community/teo"
    }
  }
}

variable "profiles" {
  description = "Folder of tccli's profiles."
  type        = string
  default     = "~/.tccli"
}

# Keys that `tccli configure` or `tccli auth login` has written.
provider "teo" {
  profile                = "production"
  shared_credentials_dir = var.profiles

  # A slip of the profile must not read another account's logs.
  allowed_account_ids = ["100000000001"]
}

data "teo_zones" "all" {}
