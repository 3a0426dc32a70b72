# The list without URLs: fit for a long time and many sites.
data "teo_l7_offline_log_inventory" "day" {
  start_time = "2026-05-04T00:00:00Z"
  end_time   = "2026-05-05T00:00:00Z"
}

output "packages_by_domain" {
  value = {
    for domain, packages in { for log in data.teo_l7_offline_log_inventory.day.logs : log.domain => log... } :
    domain => {
      packages = length(packages)
      bytes    = sum(packages[*].size)
    }
  }
}
