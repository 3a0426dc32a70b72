data "teo_l7_log_coverage" "day" {
  start_time = "2026-05-04T00:00:00Z"
  end_time   = "2026-05-05T00:00:00Z"
  zone_ids   = ["zone-27q0p0bali16"]
}

output "hours" {
  value = {
    for domain in data.teo_l7_log_coverage.day.domains : domain.domain => {
      covered = domain.covered_hours
      quiet   = domain.quiet_hours
      missing = domain.missing
    }
  }
}
