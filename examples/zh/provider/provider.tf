terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = ">= 0.1.0"
    }
  }
}

# 密钥来自环境变量 TENCENTCLOUD_SECRET_ID 和 TENCENTCLOUD_SECRET_KEY，或 tccli 的默认
# 配置：请勿把密钥写入配置文件。
provider "teo" {}

data "teo_zones" "all" {}
