data "teo_zones" "shop" {
  names = ["example.com"]
}

# Two zones can have the same name, so the ID is the key.
output "zones" {
  value = {
    for zone in data.teo_zones.shop.zones : zone.zone_id => {
      name   = zone.zone_name
      alias  = zone.alias_zone_name
      status = zone.status
      team   = lookup(zone.tags, "team", null)
    }
  }
}
