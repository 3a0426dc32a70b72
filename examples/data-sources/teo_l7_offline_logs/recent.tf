# The last whole UTC day whose packages no longer change: EdgeOne adds to a package
# for about 24 hours.
locals {
  stable_day = provider::teo::last_days(timeadd(plantimestamp(), "-24h"), 1)
}

data "teo_l7_offline_logs" "stable_day" {
  start_time   = local.stable_day.start_time
  end_time     = local.stable_day.end_time
  zone_ids     = ["zone-27q0p0bali16"]
  include_urls = false
}

# One instance for each package. The key stays the same on every read.
resource "terraform_data" "package" {
  for_each = { for l in data.teo_l7_offline_logs.stable_day.logs : l.key => l }

  input            = each.value.log_packet_name
  triggers_replace = [each.value.size]
}
