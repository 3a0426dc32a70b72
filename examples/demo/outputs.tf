output "summary" {
  description = "What was read, and how."
  value = {
    packages    = data.teo_l7_offline_logs.demo.total_count
    bytes       = data.teo_l7_offline_logs.demo.total_bytes
    pages       = data.teo_l7_offline_logs.demo.pages
    page_size   = data.teo_l7_offline_logs.demo.page_size
    api_version = data.teo_l7_offline_logs.demo.api_version
  }
}

output "first_packages" {
  description = "The first packages of the list."
  value = [
    for log in slice(data.teo_l7_offline_logs.demo.logs, 0, min(10, length(data.teo_l7_offline_logs.demo.logs))) : {
      log_packet_name = log.log_packet_name
      domain          = log.domain
      area            = log.area
      log_start_time  = log.log_start_time
      log_end_time    = log.log_end_time
      size            = log.size
    }
  ]
}

output "coverage" {
  description = "Which hours had requests, and which a log package."
  value = {
    for format in var.coverage ? ["text", "html"] : [] :
    format => provider::teo::coverage_chart(data.teo_l7_log_coverage.demo[0].hosts, format)
  }
}
