ephemeral "teo_l7_offline_logs" "hour" {
  start_time = "2026-05-04T03:00:00Z"
  end_time   = "2026-05-04T04:00:00Z"
  domains    = ["www.example.com"]
}

# Only what takes ephemeral values can use the URLs: provider blocks,
# provisioners, write-only arguments, other ephemeral resources.
resource "terraform_data" "probe" {
  input = "2026-05-04T03:00:00Z"

  provisioner "local-exec" {
    command = "echo \"$PACKAGES packages\""
    environment = {
      PACKAGES = ephemeral.teo_l7_offline_logs.hour.total_count
    }
  }
}
