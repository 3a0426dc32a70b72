provider "teo" {
  enable_pod_oidc = true
}
