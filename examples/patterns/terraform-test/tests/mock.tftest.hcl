# Needs no service, network or credentials: the provider is mocked.

mock_provider "teo" {}

variables {
  start_time = "2026-05-04T00:00:00Z"
  end_time   = "2026-05-04T01:00:00Z"
}

run "sums_both_areas" {
  override_module {
    target = module.logs
    outputs = {
      logs = [
        { domain = "a.example.com", area = "mainland", log_packet_name = "20260504-00-a.example.com", size = 10 },
        { domain = "a.example.com", area = "overseas", log_packet_name = "20260504-00-a.example.com", size = 5 },
        { domain = "b.example.com", area = "mainland", log_packet_name = "20260504-00-b.example.com", size = 1 },
      ]
    }
  }

  assert {
    condition     = output.bytes_by_domain["a.example.com"] == 15 && output.bytes_by_domain["b.example.com"] == 1
    error_message = "The bytes of a domain are not the sum of both areas."
  }
}

run "has_no_domains_without_packages" {
  assert {
    condition     = length(output.bytes_by_domain) == 0
    error_message = "An empty list has domains."
  }
}
