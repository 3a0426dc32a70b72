package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
)

const (
	onDestroyKeep   = "keep"
	onDestroyDelete = "delete"

	defaultStableAfter = "24h"
	defaultParallelism = 8
)

const otherPlaceText = "Another bucket, folder, endpoint or prefix makes another archive."

// otherPlace leaves alone an archive whose destination is only written
// differently.
func otherPlace(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = req.PlanValue.IsUnknown() || !archive.SamePlace(req.StateValue.ValueString(), req.PlanValue.ValueString())
}

func archiveSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Copies every layer-7 log package of a window into a bucket, and keeps the copy complete at each apply: one BagIt 1.0 bag ([RFC 8493](https://www.rfc-editor.org/rfc/rfc8493)) " +
			"for each UTC day, which `sha256sum -c` and any BagIt tool verify offline, with Hive-style partitions that DuckDB, Trino, Athena, Spark and ClickHouse read.\n\n" +
			"As long as packages are pending, or the window was not over at the last apply, each plan shows an update; an apply downloads only what is new, has grown, or is damaged at the destination. " +
			"In place the window can only be widened; another window or other filters need a destination of their own.",
		Attributes: map[string]schema.Attribute{
			"start_time": schema.StringAttribute{MarkdownDescription: startTimeText, Required: true},
			"end_time":   schema.StringAttribute{MarkdownDescription: endTimeText + " It may be in the future.", Required: true},
			"zones":      schema.SetAttribute{MarkdownDescription: zonesText, Optional: true, ElementType: types.StringType},
			"zone_ids":   schema.SetAttribute{MarkdownDescription: zoneIDsText, Optional: true, ElementType: types.StringType},
			"domains":    schema.SetAttribute{MarkdownDescription: l7Family.hostsText, Optional: true, ElementType: types.StringType},
			"destination": schema.StringAttribute{
				MarkdownDescription: "Where the bags go, as a Go CDK bucket URL: `file:///srv/logs?prefix=teo/` (the folder exists, or `create_dir=true`) or `s3://bucket?region=…&endpoint=…&prefix=teo/` for AWS S3 and every compatible store, Tencent COS among them. " +
					"Keys for S3 come from where the AWS SDK looks for them (`AWS_ACCESS_KEY_ID`, …), never from the URL. Another bucket, folder, endpoint or prefix makes another archive, and the old one is then treated as `on_destroy` says; another spelling of the same place does not.",
				Required:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIf(otherPlace, otherPlaceText, otherPlaceText)},
			},
			"stable_after": schema.StringAttribute{
				MarkdownDescription: "How long after its end a package is left to grow before it is archived, such as `24h` (the default; the service adds to packages for about a day).",
				Optional:            true, Computed: true,
				CustomType: timetypes.GoDurationType{},
				Default:    stringdefault.StaticString(defaultStableAfter),
			},
			"parallelism": schema.Int64Attribute{
				MarkdownDescription: "How many packages are copied at once, by default 8.",
				Optional:            true, Computed: true,
				Default:    int64default.StaticInt64(defaultParallelism),
				Validators: []validator.Int64{int64validator.Between(1, 256)},
			},
			"on_destroy": schema.StringAttribute{
				MarkdownDescription: "What destroying the resource does with the archive: `keep` (the default) leaves it, `delete` removes exactly the files of its bags.",
				Optional:            true, Computed: true,
				Default:    stringdefault.StaticString(onDestroyKeep),
				Validators: []validator.String{stringvalidator.OneOf(onDestroyKeep, onDestroyDelete)},
			},
			"timeouts":      timeouts.AttributesAll(ctx),
			"package_count": schema.Int64Attribute{MarkdownDescription: "Number of packages in the bags.", Computed: true},
			"pending_count": schema.Int64Attribute{MarkdownDescription: "Number of packages that were listed but are not archived yet, because they were not stable or failed.", Computed: true},
			"total_bytes":   schema.Int64Attribute{MarkdownDescription: "Sum of the lengths of the archived packages, in bytes as stored.", Computed: true},
			"bags": schema.MapNestedAttribute{
				MarkdownDescription: "The bags by UTC day, such as `2022-05-04`.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"path":            schema.StringAttribute{MarkdownDescription: "Folder of the bag, from the prefix on, such as `dt=2022-05-04/`.", Computed: true},
					"package_count":   schema.Int64Attribute{MarkdownDescription: "Number of packages in the bag.", Computed: true},
					"total_bytes":     schema.Int64Attribute{MarkdownDescription: "Sum of their lengths, in bytes as stored.", Computed: true},
					"manifest_sha256": schema.StringAttribute{MarkdownDescription: "SHA-256 of the bag's `manifest-sha256.txt`, in lower-case hex.", Computed: true},
				}},
			},
		},
	}
}
