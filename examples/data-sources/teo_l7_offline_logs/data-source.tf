# The packages of a day. Nothing in the list is secret without the URLs.
data "teo_l7_offline_logs" "day" {
  start_time   = "2026-05-04T00:00:00Z"
  end_time     = "2026-05-05T00:00:00Z"
  zones        = ["example.com"]
  domains      = ["www.example.com", "api.example.com"]
  include_urls = false
}

output "packages_by_domain" {
  value = {
    for domain, packages in { for l in data.teo_l7_offline_logs.day.logs : l.domain => l... } :
    domain => {
      packages = length(packages)
      bytes    = sum(packages[*].size)
    }
  }
}
