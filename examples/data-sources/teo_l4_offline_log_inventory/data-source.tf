# The list without URLs: fit for a long time and many proxies.
data "teo_l4_offline_log_inventory" "day" {
  start_time = "2026-05-04T00:00:00Z"
  end_time   = "2026-05-05T00:00:00Z"
}

output "proxies" {
  value = distinct(data.teo_l4_offline_log_inventory.day.logs[*].proxy_id)
}
