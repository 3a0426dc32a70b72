# One instance for each package. Its key is stable across reads; a URL changes on
# every read, and an index moves when a package is added.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {}

data "teo_l7_offline_logs" "hours" {
  start_time   = "2026-05-04T00:00:00Z"
  end_time     = "2026-05-04T03:00:00Z"
  zone_ids     = ["zone-27q0p0bali16"] # selects API 2022-09-01, whose keys have an area
  include_urls = false
}

# Put your own use of a package here. The instance is replaced when the package
# grows.
resource "terraform_data" "package" {
  for_each = { for log in data.teo_l7_offline_logs.hours.logs : log.key => log }

  input            = each.value.log_packet_name
  triggers_replace = [each.value.size]
}

output "keys" {
  value = keys(terraform_data.package)
}
