output "summary" {
  description = "What was read, and how."
  value = format("%d packages, %d bytes, on %d pages of up to %d (API %s)",
    data.teo_l7_offline_logs.demo.total_count, data.teo_l7_offline_logs.demo.total_bytes,
    data.teo_l7_offline_logs.demo.pages, data.teo_l7_offline_logs.demo.page_size, data.teo_l7_offline_logs.demo.api_version,
  )
}

output "first_packages" {
  description = "The first packages of the list."
  value = [
    for log in slice(data.teo_l7_offline_logs.demo.logs, 0, min(5, length(data.teo_l7_offline_logs.demo.logs))) :
    format("%-28s  %-8s  %s  %d bytes", log.log_packet_name, coalesce(log.area, "-"), log.log_start_time, log.size)
  ]
}

output "chart" {
  description = "Which hours had requests, and which a log package."
  value       = var.coverage ? provider::teo::coverage_chart(data.teo_l7_log_coverage.demo[0].hosts, "text") : ""
}

output "page" {
  description = "The same as a page."
  value       = var.coverage ? provider::teo::coverage_chart(data.teo_l7_log_coverage.demo[0].hosts, "html") : ""
  sensitive   = true # only so that Terraform does not print it
}
