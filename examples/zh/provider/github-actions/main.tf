terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

variable "token_file" {
  description = "保存任务 OIDC 令牌的文件，由 workflow.yml 写入。"
  type        = string
}

# 无需任何密钥：CAM 信任 GitHub 为任务签发的令牌。每次刷新时会重新读取该文件。
provider "teo" {
  assume_role_with_web_identity {
    provider_id             = "github-actions"
    web_identity_token_file = var.token_file
    role_arn                = "qcs::cam::uin/100000000001:roleName/edgeone-logs"
    session_name            = "github-actions"
  }
}

data "teo_zones" "all" {}
