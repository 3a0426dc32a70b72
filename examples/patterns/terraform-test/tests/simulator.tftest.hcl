# Runs against a service: the simulator or the real one. `make sim` in a checkout
# of the provider starts the simulator and prints the variables to export.

provider "teo" {}

variables {
  start_time = "2022-05-04T00:00:00Z"
  end_time   = "2022-05-04T02:00:00Z"
}

run "lists_the_domains" {
  assert {
    condition     = contains(keys(output.bytes_by_domain), "www.example.com")
    error_message = "www.example.com has no packages."
  }

  assert {
    condition     = alltrue([for bytes in output.bytes_by_domain : bytes > 0])
    error_message = "A domain has no bytes."
  }
}
