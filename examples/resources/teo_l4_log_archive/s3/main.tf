# AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role sign the requests.
resource "teo_l4_log_archive" "logs" {
  destination = "s3://logs?region=eu-central-1&prefix=edgeone/l4/"
  start_time  = "2026-05-01T00:00:00Z"
  zone_ids    = ["zone-27q0p0bali16"]

  lifecycle {
    prevent_destroy = true
  }
}

output "sealed_through" {
  value = teo_l4_log_archive.logs.sealed_through
}
