# Downloads each package once. The inventory says what there is, and goes into
# the state; the signed URLs exist during the apply only, and reach curl on its
# standard input: no plan, state, log or list of processes shows them.
#
# Needs Terraform 1.10 or OpenTofu 1.11.

terraform {
  required_providers {
    teo = {
      source = "registry.terraform.io/edgeone-community/teo"
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
  description = "Where the packages go."
  type        = string
  default     = "packages"
}

locals {
  zone_ids = ["zone-27q0p0bali16"]
}

data "teo_l7_offline_log_inventory" "window" {
  start_time = var.start_time
  end_time   = var.end_time
  zone_ids   = local.zone_ids
}

ephemeral "teo_l7_offline_logs" "window" {
  start_time = var.start_time
  end_time   = var.end_time
  zone_ids   = local.zone_ids
}

locals {
  packages = {
    for log in data.teo_l7_offline_log_inventory.window.logs :
    "${log.domain}/${log.area}/${log.log_packet_name}" => log
  }
  urls = {
    for log in ephemeral.teo_l7_offline_logs.window.logs :
    "${log.domain}/${log.area}/${log.log_packet_name}" => log.url
  }
}

resource "terraform_data" "download" {
  for_each = local.packages

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
      URL  = local.urls[each.key]
    }
  }
}

output "files" {
  value = [for key in keys(terraform_data.download) : "${var.folder}/${key}.log.gz"]
}
