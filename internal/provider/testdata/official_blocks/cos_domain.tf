locals {
  region = "ap-guangzhou"
  cdc_id = "cluster_xxx"
}

provider "teo" {
  region     = local.region
  secret_id  = "my-secret-id"
  secret_key = "my-secret-key"
  cos_domain = "https://${local.cdc_id}.cos-cdc.${local.region}.myqcloud.com/"
}
