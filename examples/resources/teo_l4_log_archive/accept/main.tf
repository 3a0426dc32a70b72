resource "teo_l4_log_archive" "may" {
  destination = "cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/l4/"
  start_time  = "2026-05-01T00:00:00Z"
  end_time    = "2026-06-01T00:00:00Z"
  proxy_ids   = ["sid-xs82kshs"]

  accept = {
    "2026-05-04@17:1f0c5b7d9a3e8264" = "Disk failure of 2026-06-12, ticket 4711. No backup."
  }
}

output "lost" {
  value = teo_l4_log_archive.may.lost_count
}
