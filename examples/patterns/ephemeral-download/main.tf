# Downloads each package once. The list in the state says what there is; the
# signed URLs exist only during the apply and reach curl on its standard input.
# No plan, state, log or process list shows them.
#
# Needs Terraform 1.10 or OpenTofu 1.11.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {}

variable "start_time" {
  type    = string
  default = "2026-05-04T03:00:00Z"
}

variable "end_time" {
  type    = string
  default = "2026-05-04T05:00:00Z"
}

variable "folder" {
  description = "Folder for the packages."
  type        = string
  default     = "packages"
}

locals {
  zone_ids = ["zone-27q0p0bali16"] # selects API 2022-09-01, whose keys have an area
}

data "teo_l7_offline_logs" "all" {
  start_time   = var.start_time
  end_time     = var.end_time
  zone_ids     = local.zone_ids
  include_urls = false
}

ephemeral "teo_l7_offline_logs" "all" {
  start_time = var.start_time
  end_time   = var.end_time
  zone_ids   = local.zone_ids
}

resource "terraform_data" "download" {
  for_each = { for log in data.teo_l7_offline_logs.all.logs : log.key => log }

  # A package that grew is downloaded again.
  triggers_replace = [each.value.size]

  provisioner "local-exec" {
    command = <<-EOT
      set -eu
      mkdir -p "$(dirname "$FILE")"
      printf 'url = "%s"\n' "$URL" |
        curl --config - --fail --silent --show-error --retry 3 --output "$FILE.part"
      gzip --test --suffix .part "$FILE.part"
      mv "$FILE.part" "$FILE"
    EOT
    environment = {
      FILE = "${var.folder}/${each.key}.log.gz"
      URL  = ephemeral.teo_l7_offline_logs.all.urls[each.key]
    }
  }
}

output "files" {
  value = [for key in keys(terraform_data.download) : "${var.folder}/${key}.log.gz"]
}
