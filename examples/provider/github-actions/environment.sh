export TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID="github-actions"
export TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE="/path/to/token"
export TENCENTCLOUD_ASSUME_ROLE_ARN="qcs::cam::uin/100000000001:roleName/edgeone-logs"
export TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME="github-actions"
terraform plan
