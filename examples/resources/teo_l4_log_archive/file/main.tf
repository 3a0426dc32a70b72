# A closed window: complete is true once every day of it is sealed.
resource "teo_l4_log_archive" "may" {
  destination = "file:///srv/logs?create_dir=true&prefix=edgeone/l4/"
  start_time  = "2026-05-01T00:00:00Z"
  end_time    = "2026-06-01T00:00:00Z"
  zone_ids    = ["zone-27q0p0bali16"]
}

output "complete" {
  value = teo_l4_log_archive.may.complete
}
