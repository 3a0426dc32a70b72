locals {
  hour = {
    start_time = "2026-05-04T03:00:00Z"
    end_time   = "2026-05-04T04:00:00Z"
    zone_ids   = ["zone-27q0p0bali16"]
  }
}

# What there is: this is in the state, without URLs.
data "teo_l4_offline_logs" "hour" {
  start_time   = local.hour.start_time
  end_time     = local.hour.end_time
  zone_ids     = local.hour.zone_ids
  include_urls = false
}

# The URLs exist only during the run. Ephemeral values can be used in provisioners,
# provider blocks, write-only arguments and other ephemeral resources.
ephemeral "teo_l4_offline_logs" "hour" {
  start_time = local.hour.start_time
  end_time   = local.hour.end_time
  zone_ids   = local.hour.zone_ids
}

resource "terraform_data" "probe" {
  for_each         = { for l in data.teo_l4_offline_logs.hour.logs : l.key => l }
  triggers_replace = [each.value.size]

  provisioner "local-exec" {
    command     = "printf 'url = \"%s\"' \"$URL\" | curl --config - --fail --silent --output /dev/null"
    environment = { URL = ephemeral.teo_l4_offline_logs.hour.urls[each.key] }
  }
}
