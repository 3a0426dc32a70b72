package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// providerModel is the configuration of the provider.
type providerModel struct {
	SecretID          types.String  `tfsdk:"secret_id"`
	SecretKey         types.String  `tfsdk:"secret_key"`
	SecurityToken     types.String  `tfsdk:"security_token"`
	Region            types.String  `tfsdk:"region"`
	Endpoint          types.String  `tfsdk:"endpoint"`
	Domain            types.String  `tfsdk:"domain"`
	APIVersion        types.String  `tfsdk:"api_version"`
	RequestsPerSecond types.Float64 `tfsdk:"requests_per_second"`
	MaxRetries        types.Int64   `tfsdk:"max_retries"`
	RequestTimeout    types.String  `tfsdk:"request_timeout"`
}

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
				MarkdownDescription: "Region that is sent along with requests; none of the actions used needs one. Environment: `TENCENTCLOUD_REGION`.",
				Optional:            true,
			},
			"endpoint": schema.StringAttribute{
				MarkdownDescription: "Where the API of EdgeOne is called: a host with an optional port, or a URL of these. `http://` is accepted for loopback addresses only. By default `teo.tencentcloudapi.com`; international accounts use `teo.intl.tencentcloudapi.com`. Environment: `TENCENTCLOUD_TEO_ENDPOINT`.",
				Optional:            true,
			},
			"domain": schema.StringAttribute{
				MarkdownDescription: "Root domain of the API's endpoints where they are not given themselves, such as `intl.tencentcloudapi.com`; by default `tencentcloudapi.com`. Environment: `TENCENTCLOUD_DOMAIN`.",
				Optional:            true,
			},
			"api_version": schema.StringAttribute{
				MarkdownDescription: "Version of the API that lists layer-7 logs: `2022-01-06` or `2022-09-01`. If left out, `2022-09-01` where `zone_ids` are given, else `2022-01-06` until the service says that it is gone. Environment: `TENCENTCLOUD_TEO_API_VERSION`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf(teo.Version20220106, teo.Version20220901)},
			},
			"requests_per_second": schema.Float64Attribute{
				MarkdownDescription: "Most requests a second, for each action. By default 0.9 times the documented limit of the action (20 a second for `DownloadL7Logs` of 2022-01-06 and for `DescribeZones`, 100 for the others). All processes of an account share the service's limit.",
				Optional:            true,
				Validators:          []validator.Float64{float64validator.Between(0.01, 1_000_000)},
			},
			"max_retries": schema.Int64Attribute{
				MarkdownDescription: "How often a failed request is sent again at the most, where that makes sense. By default 5.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(0, 100)},
			},
			"request_timeout": schema.StringAttribute{
				MarkdownDescription: "How long one attempt of a request may take, such as `30s` or `2m`. By default `60s`.",
				Optional:            true,
			},
		},
	}
}
