# { start_time = "2026-05-03T21:00:00Z", end_time = "2026-05-04T03:00:00Z" }
output "six_hours" {
  value = provider::teo::last_hours("2026-05-04T03:27:00Z", 6)
}

# Relative to the time of the plan. plantimestamp() has no value during terraform
# validate and in the console.
output "six_hours_before_this_plan" {
  value = provider::teo::last_hours(plantimestamp(), 6)
}
