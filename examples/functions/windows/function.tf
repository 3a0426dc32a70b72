# Four windows of six hours by their start, and a list for each.
locals {
  windows = {
    for window in provider::teo::windows("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z", "6h") :
    window.start_time => window
  }
}

data "teo_l7_offline_logs" "window" {
  for_each = local.windows

  start_time   = each.value.start_time
  end_time     = each.value.end_time
  include_urls = false
}

output "packages" {
  value = { for start, list in data.teo_l7_offline_logs.window : start => list.total_count }
}
