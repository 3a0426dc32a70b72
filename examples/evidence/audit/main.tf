# What an auditor runs: the archive, its newest signed head and the time of that.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {}

variable "destination" {
  description = "URL of the archive."
  type        = string
}

variable "public_key" {
  description = "Verifier key of the archive's signer."
  type        = string
}

variable "timestamp_ca" {
  description = "CA certificates of the time-stamp authority in PEM; tokens are not verified if null."
  type        = string
  default     = null
}

data "teo_log_archive_verification" "logs" {
  destination  = var.destination
  public_key   = var.public_key
  timestamp_ca = var.timestamp_ca

  lifecycle {
    postcondition {
      condition     = self.valid
      error_message = "The archive is not valid: ${jsonencode(self.problems)}"
    }
  }
}

output "signed" {
  description = "The newest signed head."
  value       = data.teo_log_archive_verification.logs.signed
}
