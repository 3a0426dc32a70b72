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

data "teo_l7_offline_logs" "all" {
  start_time = "2022-05-01T00:00:00Z"
  end_time   = "2023-05-01T00:00:00Z"
  zone_ids   = ["zone-gen0000"]
}
