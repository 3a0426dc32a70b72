resource "teo_l7_log_archive" "logs" {
  destination = "cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/l7/"
  start_time  = "2026-05-01T00:00:00Z"
  zone_ids    = ["zone-27q0p0bali16"]

  accept = {
    "2026-05-04@17:1f0c5b7d9a3e8264" = "Disk failure of 2026-06-12, ticket 4711. No backup."
  }
}

output "lost" {
  value = teo_l7_log_archive.logs.lost_count
}
