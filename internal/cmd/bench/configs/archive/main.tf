terraform {
  required_providers {
    teo = {
      source = "registry.terraform.io/edgeone-community/teo"
    }
  }
}

provider "teo" {
  requests_per_second = 1000000
}

variable "destination" {
  type = string
}

resource "teo_l7_log_archive" "all" {
  start_time  = "2022-05-01T00:00:00Z"
  end_time    = "2023-05-01T00:00:00Z"
  zone_ids    = ["zone-gen0000"]
  destination = var.destination
}
