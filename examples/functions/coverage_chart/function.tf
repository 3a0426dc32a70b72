data "teo_l7_log_coverage" "day" {
  start_time = "2026-05-04T00:00:00Z"
  end_time   = "2026-05-05T00:00:00Z"
  zone_ids   = ["zone-27q0p0bali16"]
}

# For a terminal, or the summary of a job.
output "chart" {
  value = provider::teo::coverage_chart(data.teo_l7_log_coverage.day.hosts, "text")
}

# For a file: terraform output -raw page >coverage.html. Sensitive only so that
# Terraform does not print the page.
output "page" {
  value     = provider::teo::coverage_chart(data.teo_l7_log_coverage.day.hosts, "html")
  sensitive = true
}

# Of many domains, only those with missing hours.
output "missing" {
  value = provider::teo::coverage_chart(
    [for host in data.teo_l7_log_coverage.day.hosts : host if host.missing_hours > 0],
    "markdown",
  )
}
