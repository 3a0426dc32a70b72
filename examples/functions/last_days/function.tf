# { start_time = "2026-05-03T00:00:00Z", end_time = "2026-05-04T00:00:00Z" }
output "yesterday" {
  value = provider::teo::last_days("2026-05-04T03:27:00Z", 1)
}

# The last whole UTC day whose packages no longer change.
output "stable_day" {
  value = provider::teo::last_days(timeadd(plantimestamp(), "-24h"), 1)
}
