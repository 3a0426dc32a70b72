# A module to test: it sums the bytes of each domain.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

variable "start_time" {
  type = string
}

variable "end_time" {
  type = string
}

module "logs" {
  source = "./modules/logs"

  start_time = var.start_time
  end_time   = var.end_time
}

output "bytes_by_domain" {
  value = {
    for domain, sizes in { for log in module.logs.logs : log.domain => log.size... } :
    domain => sum(sizes)
  }
}
