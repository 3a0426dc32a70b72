data "teo_l7_offline_logs" "day" {
  start_time = "2026-05-04T00:00:00Z"
  end_time   = "2026-05-05T00:00:00Z"
  zones      = ["example.com"]
  domains    = ["www.example.com"]
}

output "packages" {
  value = data.teo_l7_offline_logs.day.total_count
}
