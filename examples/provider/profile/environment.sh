export TENCENTCLOUD_PROFILE="production"
export TENCENTCLOUD_SHARED_CREDENTIALS_DIR="$HOME/.tccli"
terraform plan
