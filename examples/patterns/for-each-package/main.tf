# One instance a package. The key is the identity of a package: domain, area and
# name. Never use url, which is another one at each read, nor the place in the
# list, which moves when a package is added.

terraform {
  required_providers {
    teo = {
      source = "registry.terraform.io/edgeone-community/teo"
    }
  }
}

provider "teo" {}

data "teo_l7_offline_log_inventory" "hours" {
  start_time = "2026-05-04T00:00:00Z"
  end_time   = "2026-05-04T03:00:00Z"
  zone_ids   = ["zone-27q0p0bali16"] # answers of API 2022-09-01 have an area
}

locals {
  packages = {
    for log in data.teo_l7_offline_log_inventory.hours.logs :
    "${log.domain}/${log.area}/${log.log_packet_name}" => log
  }
}

# Stands for whatever there is to do with a package. One that grew (size) is
# done again, all others stay as they are.
resource "terraform_data" "package" {
  for_each = local.packages

  input            = each.value.log_packet_name
  triggers_replace = [each.value.size]
}

output "keys" {
  value = keys(local.packages)
}
