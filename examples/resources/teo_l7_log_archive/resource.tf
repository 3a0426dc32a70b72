resource "teo_l7_log_archive" "may" {
  start_time  = "2026-05-01T00:00:00Z"
  end_time    = "2026-06-01T00:00:00Z"
  zone_ids    = ["zone-27q0p0bali16"]
  destination = "s3://logs-1250000000?endpoint=https://cos.ap-guangzhou.myqcloud.com&region=ap-guangzhou&prefix=edgeone/"
}

output "archived" {
  value = {
    packages = teo_l7_log_archive.may.package_count
    pending  = teo_l7_log_archive.may.pending_count
    bytes    = teo_l7_log_archive.may.total_bytes
  }
}
