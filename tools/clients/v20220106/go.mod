// A module of its own: the provider does not depend on the typed clients, and the
// two versions of the API need two versions of one module.
module github.com/edgeone-community/terraform-provider-teo/tools/clients/v20220106

go 1.26.0

replace github.com/edgeone-community/terraform-provider-teo => ../../..

require (
	github.com/edgeone-community/terraform-provider-teo v0.0.0
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common v1.3.209
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/teo v1.0.500
)
