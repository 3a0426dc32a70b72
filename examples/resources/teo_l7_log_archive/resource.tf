# Open-ended: each apply archives what has become stable since the last one.
resource "teo_l7_log_archive" "logs" {
  destination = "cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/l7/"
  start_time  = "2026-05-01T00:00:00Z"
  zone_ids    = ["zone-27q0p0bali16"]
}

output "archived" {
  value = {
    packages       = teo_l7_log_archive.logs.package_count
    pending        = teo_l7_log_archive.logs.pending_count
    bytes          = teo_l7_log_archive.logs.total_bytes
    sealed_through = teo_l7_log_archive.logs.sealed_through
  }
}

# Keep the head where the archive's writers cannot write.
output "head" {
  value = teo_l7_log_archive.logs.head
}
