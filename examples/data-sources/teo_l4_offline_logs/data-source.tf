data "teo_l4_offline_logs" "day" {
  start_time   = "2026-05-04T00:00:00Z"
  end_time     = "2026-05-05T00:00:00Z"
  zone_ids     = ["zone-27q0p0bali16"]
  proxy_ids    = ["sid-xs82kshs"]
  include_urls = false
}

output "bytes_by_area" {
  value = {
    for area, sizes in { for l in data.teo_l4_offline_logs.day.logs : l.area => l.size... } :
    area => sum(sizes)
  }
}
