package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func providerSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Reads the offline logs of Tencent Cloud EdgeOne (TEO).",
		Attributes: map[string]schema.Attribute{
			"secret_id": schema.StringAttribute{
				MarkdownDescription: "ID of the API key. Environment: `TENCENTCLOUD_SECRET_ID`.",
				Optional:            true,
			},
			"secret_key": schema.StringAttribute{
				MarkdownDescription: "Secret of the API key. Environment: `TENCENTCLOUD_SECRET_KEY`.",
				Optional:            true,
				Sensitive:           true,
			},
			"security_token": schema.StringAttribute{
				MarkdownDescription: "Token of temporary keys. Environment: `TENCENTCLOUD_SECURITY_TOKEN`, `TENCENTCLOUD_TOKEN`.",
				Optional:            true,
				Sensitive:           true,
			},
			"region": schema.StringAttribute{
				MarkdownDescription: "Region that is sent along with requests; none of the actions used needs one. Environment: `TENCENTCLOUD_REGION`; else the profile's.",
				Optional:            true,
			},
			"profile": schema.StringAttribute{
				MarkdownDescription: "Profile of tccli to take keys from, where `secret_id`, `secret_key` and `security_token` are all empty; by default `default`. Environment: `TENCENTCLOUD_PROFILE`, `TCCLI_PROFILE`.",
				Optional:            true,
			},
			"shared_credentials_dir": schema.StringAttribute{
				MarkdownDescription: "Folder of tccli's profiles, by default `~/.tccli`. Environment: `TENCENTCLOUD_SHARED_CREDENTIALS_DIR`.",
				Optional:            true,
			},
			"cam_role_name": schema.StringAttribute{
				MarkdownDescription: "Role of the CVM that this runs on; its keys come from the metadata service. Environment: `TENCENTCLOUD_CAM_ROLE_NAME`.",
				Optional:            true,
			},
			"assume_role":                   assumeRoleAttribute(),
			"assume_role_with_saml":         samlAttribute(),
			"assume_role_with_web_identity": webIdentityAttribute(),
			"mfa_certification":             mfaAttribute(),
			"enable_pod_oidc": schema.BoolAttribute{
				MarkdownDescription: "Whether to sign in as the TKE pod that this runs in, by the variables `TKE_REGION`, `TKE_PROVIDER_ID`, `TKE_WEB_IDENTITY_TOKEN_FILE` and `TKE_ROLE_ARN` that TKE sets.",
				Optional:            true,
			},
			"allowed_account_ids": schema.SetAttribute{
				MarkdownDescription: "IDs of the accounts that the keys may belong to; others are an error. Conflicts with `forbidden_account_ids`.",
				Optional:            true,
				ElementType:         types.StringType,
				Validators:          names,
			},
			"forbidden_account_ids": schema.SetAttribute{
				MarkdownDescription: "IDs of accounts that the keys must not belong to. Conflicts with `allowed_account_ids`.",
				Optional:            true,
				ElementType:         types.StringType,
				Validators:          names,
			},
			"endpoint": schema.StringAttribute{
				MarkdownDescription: "Where the API of EdgeOne is called: a host with an optional port, or a URL of these. `http://` is accepted for loopback addresses only. By default `teo.tencentcloudapi.com`; international accounts use `teo.intl.tencentcloudapi.com`. Environment: `TENCENTCLOUD_TEO_ENDPOINT`.",
				Optional:            true,
			},
			"sts_endpoint": schema.StringAttribute{
				MarkdownDescription: "Where STS is called, in the same forms as `endpoint`. By default `sts.tencentcloudapi.com`. Environment: `TENCENTCLOUD_STS_ENDPOINT`.",
				Optional:            true,
			},
			"domain": schema.StringAttribute{
				MarkdownDescription: "Root domain of the API's endpoints where they are not given themselves, such as `intl.tencentcloudapi.com`; by default `tencentcloudapi.com`. Environment: `TENCENTCLOUD_DOMAIN`.",
				Optional:            true,
			},
			"api_version": schema.StringAttribute{
				MarkdownDescription: "Version of the API that lists layer-7 logs: `2022-01-06` or `2022-09-01`. If left out, `2022-09-01` where `zone_ids` are given, else `2022-01-06` until the service says that it is gone. Environment: `TENCENTCLOUD_TEO_API_VERSION`.",
				Optional:            true,
			},
			"requests_per_second": schema.Float64Attribute{
				MarkdownDescription: "Most requests a second, for each action. By default 0.9 times the documented limit of the action (20 a second for `DownloadL7Logs` of 2022-01-06 and for `DescribeZones`, 100 for the others). All processes of an account share the service's limit.",
				Optional:            true,
			},
			"max_retries": schema.Int64Attribute{
				MarkdownDescription: "How often a failed request is sent again at the most, where that makes sense. By default 5.",
				Optional:            true,
			},
			"http_proxy": schema.StringAttribute{
				MarkdownDescription: "URL of the proxy for calls of the API and of STS and for downloads. By default that of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`).",
				Optional:            true,
				Sensitive:           true,
			},
			"custom_ca_bundle": schema.StringAttribute{
				MarkdownDescription: "Path of a file of PEM certificates to trust besides those of the system. Environment: `SSL_CERT_FILE` replaces the system's.",
				Optional:            true,
			},
			"request_timeout": schema.StringAttribute{
				MarkdownDescription: "How long one attempt of a request may take, such as `30s` or `2m`. By default `60s`.",
				Optional:            true,
			},
		},
	}
}

// names are validators of a set whose elements are neither null nor empty.
var names = []validator.Set{setvalidator.NoNullValues(), setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))}
