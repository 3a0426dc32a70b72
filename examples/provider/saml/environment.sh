export TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION="my-saml-assertion"
export TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN="qcs::cam::uin/100000000001:saml-provider/my-idp"
export TENCENTCLOUD_ASSUME_ROLE_ARN="qcs::cam::uin/100000000001:roleName/edgeone-logs"
export TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME="terraform"
terraform plan
