terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

variable "secret_id" {
  description = "Secret ID of an API key."
  type        = string
}

variable "secret_key" {
  description = "Secret key of an API key."
  type        = string
  sensitive   = true
}

provider "teo" {
  secret_id  = var.secret_id
  secret_key = var.secret_key
}

data "teo_zones" "all" {}
