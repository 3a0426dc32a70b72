# { start_time = "2023-07-25T23:15:00Z", end_time = "2023-07-25T23:30:00Z",
#   slot_minutes = 15, name = "www.example.com" }
output "slot" {
  value = provider::teo::parse_log_packet_name("20230725-2315-www.example.com")
}
