data "teo_l7_log_coverage" "day" {
  start_time = "2026-05-04T00:00:00Z"
  end_time   = "2026-05-05T00:00:00Z"
  zone_ids   = ["zone-27q0p0bali16"]
}

output "hours" {
  value = {
    for host in data.teo_l7_log_coverage.day.hosts : host.host => {
      covered = host.covered_hours
      quiet   = host.quiet_hours
      missing = host.missing
    }
  }
}
