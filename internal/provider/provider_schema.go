package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

func providerSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Lists and archives the offline logs of Tencent Cloud EdgeOne (TEO).",
		Attributes: map[string]schema.Attribute{
			"secret_id":              argument("Secret ID of the API key. Environment: `TENCENTCLOUD_SECRET_ID`."),
			"secret_key":             secret("Secret key of the API key. Environment: `TENCENTCLOUD_SECRET_KEY`."),
			"security_token":         secret("Security token of temporary credentials. Environment: `TENCENTCLOUD_SECURITY_TOKEN`, `TENCENTCLOUD_TOKEN`."),
			"region":                 argument("Region that is sent with requests. EdgeOne does not require one. Default: the region of the profile. Environment: `TENCENTCLOUD_REGION`."),
			"profile":                argument("Profile of tccli that contains the credentials. Default: `default`. Environment: `TENCENTCLOUD_PROFILE`, `TCCLI_PROFILE`."),
			"shared_credentials_dir": argument("Folder of tccli's profiles. Default: `~/.tccli`. Environment: `TENCENTCLOUD_SHARED_CREDENTIALS_DIR`."),
			"cam_role_name":          argument("Role of the CVM that the provider runs on. Its credentials come from the metadata service. Environment: `TENCENTCLOUD_CAM_ROLE_NAME`."),
			"enable_pod_oidc": schema.BoolAttribute{
				MarkdownDescription: "Whether to sign in as the TKE pod that the provider runs in, with the variables `TKE_REGION`, `TKE_PROVIDER_ID`, `TKE_WEB_IDENTITY_TOKEN_FILE` and `TKE_ROLE_ARN` that TKE sets. Default: `false`.",
				Optional:            true,
			},
			"allowed_account_ids": schema.SetAttribute{
				MarkdownDescription: "IDs of the accounts that the credentials may belong to. Conflicts with `forbidden_account_ids`.",
				Optional:            true,
				ElementType:         types.StringType,
				Validators:          names,
			},
			"forbidden_account_ids": schema.SetAttribute{
				MarkdownDescription: "IDs of the accounts that the credentials must not belong to. Conflicts with `allowed_account_ids`.",
				Optional:            true,
				ElementType:         types.StringType,
				Validators:          names,
			},
			"endpoint":     argument("Endpoint of the EdgeOne API: a host with an optional port, or a URL of scheme and host. `http://` is accepted for loopback addresses only. Default: `teo.` and the `domain`. Environment: `TENCENTCLOUD_TEO_ENDPOINT`."),
			"sts_endpoint": argument("Endpoint of STS, in the same forms as `endpoint`. Default: `sts.` and the `domain`. Environment: `TENCENTCLOUD_STS_ENDPOINT`."),
			"kms_endpoint": argument("Endpoint of KMS, in the same forms as `endpoint`. Default: `kms.` and the `domain`. Environment: `TENCENTCLOUD_KMS_ENDPOINT`."),
			"domain":       argument(fmt.Sprintf("Root domain of the API endpoints, such as `intl.tencentcloudapi.com` for international accounts. Default: `%s`. Environment: `TENCENTCLOUD_DOMAIN`.", tcapi.DefaultDomain)),
			"protocol":     argument("Scheme of endpoints that are set without one, and of the default endpoints: `HTTPS` or `HTTP`. `HTTP` is accepted for loopback addresses only. Default: `HTTPS`. Environment: `TENCENTCLOUD_PROTOCOL`."),
			"cos_domain":   argument("Domain of COS for `cos://` destinations, such as `https://cluster-123456.cos-cdc.ap-guangzhou.myqcloud.com`; the name of the bucket is prepended. Default: `https://cos.REGION.myqcloud.com`. Environment: `TENCENTCLOUD_COS_DOMAIN`."),
			"api_version":  argument("Version of the API that lists layer-7 logs: `2022-01-06` or `2022-09-01`. Default: `2022-09-01` with `zone_ids`, otherwise `2022-01-06` until the service no longer serves it. Environment: `TENCENTCLOUD_TEO_API_VERSION`."),
			"requests_per_second": schema.Float64Attribute{
				MarkdownDescription: "Maximum number of requests per second, for each action. Default: 0.9 times the documented limit of the action (20 per second for `DescribeZones` and for `DownloadL7Logs` of 2022-01-06, 100 for the others). All processes of an account share the service's limit.",
				Optional:            true,
			},
			"max_retries": schema.Int64Attribute{
				CustomType:          query.WholeNumber{},
				MarkdownDescription: fmt.Sprintf("Maximum number of retries of a failed request, if a retry can help. Default: %d.", tcapi.DefaultMaxRetries),
				Optional:            true,
			},
			"request_timeout":  argument(fmt.Sprintf("Timeout of one attempt of a request, such as `30s` or `2m`. Default: `%.0fs`.", tcapi.DefaultRequestTimeout.Seconds())),
			"http_proxy":       secret("URL of the proxy for API calls and downloads. Default: the proxy of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`)."),
			"custom_ca_bundle": argument("Path of a file of PEM certificates to trust in addition to those of the system. Environment: `SSL_CERT_FILE` replaces those of the system."),
		},
		Blocks: map[string]schema.Block{
			"assume_role":                   assumeRoleBlock(),
			"assume_role_with_saml":         samlBlock(),
			"assume_role_with_web_identity": webIdentityBlock(),
			"mfa_certification":             mfaBlock(),
		},
	}
}

// names are validators of a set whose elements are neither null nor empty.
var names = []validator.Set{setvalidator.NoNullValues(), setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))}
