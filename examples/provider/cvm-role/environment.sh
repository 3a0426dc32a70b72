export TENCENTCLOUD_CAM_ROLE_NAME="edgeone-logs"
terraform plan
