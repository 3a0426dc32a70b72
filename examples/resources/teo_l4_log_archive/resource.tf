resource "teo_l4_log_archive" "may" {
  destination = "cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/l4/"
  start_time  = "2026-05-01T00:00:00Z"
  end_time    = "2026-06-01T00:00:00Z"
  proxy_ids   = ["sid-xs82kshs"]
}

output "archived" {
  value = {
    packages = teo_l4_log_archive.may.package_count
    complete = teo_l4_log_archive.may.complete
  }
}
