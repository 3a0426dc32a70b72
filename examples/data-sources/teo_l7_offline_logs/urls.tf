# With URLs: they are sensitive, and the state contains them.
data "teo_l7_offline_logs" "hour" {
  start_time = "2026-05-04T00:00:00Z"
  end_time   = "2026-05-04T01:00:00Z"
  zone_ids   = ["zone-27q0p0bali16"]
  domains    = ["www.example.com"]
}

output "urls" {
  value     = data.teo_l7_offline_logs.hour.urls # by key
  sensitive = true
}
