terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

# 使用首先找到的密钥（此处为环境变量）扮演角色。临时密钥会在到期前自动刷新。
provider "teo" {
  assume_role {
    role_arn         = "qcs::cam::uin/100000000001:roleName/edgeone-logs"
    session_name     = "terraform"
    session_duration = 3600
    external_id      = "log-export"
  }
}

data "teo_zones" "all" {}
