package logarchive

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// logArchiveVerificationModel is the configuration and the state of data
// "teo_log_archive_verification".
type logArchiveVerificationModel struct {
	Destination  types.String   `tfsdk:"destination"`
	Depth        types.String   `tfsdk:"depth"`
	ExpectedHead types.String   `tfsdk:"expected_head"`
	PublicKey    types.String   `tfsdk:"public_key"`
	TimestampCA  types.String   `tfsdk:"timestamp_ca"`
	WitnessKeys  types.Set      `tfsdk:"witness_keys"`
	Parallelism  types.Int64    `tfsdk:"parallelism"`
	Timeouts     timeouts.Value `tfsdk:"timeouts"`

	Valid        types.Bool   `tfsdk:"valid"`
	Problems     types.List   `tfsdk:"problems"`
	ProblemCount types.Int64  `tfsdk:"problem_count"`
	Head         types.Object `tfsdk:"head"`
	ArchiveID    types.String `tfsdk:"archive_id"`
	Layer        types.String `tfsdk:"layer"`

	PackageCount     types.Int64 `tfsdk:"package_count"`
	LostCount        types.Int64 `tfsdk:"lost_count"`
	ErasedCount      types.Int64 `tfsdk:"erased_count"`
	ExpiredCount     types.Int64 `tfsdk:"expired_count"`
	UncommittedCount types.Int64 `tfsdk:"uncommitted_count"`
	TotalBytes       types.Int64 `tfsdk:"total_bytes"`

	Signed  types.Object `tfsdk:"signed"`
	Changes types.List   `tfsdk:"changes"`
	Bags    types.Map    `tfsdk:"bags"`
}

// problemModel is an element of "problems".
type problemModel struct {
	Kind   types.String `tfsdk:"kind"`
	Day    types.String `tfsdk:"day"`
	Path   types.String `tfsdk:"path"`
	Detail types.String `tfsdk:"detail"`
}

var problemType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"kind": types.StringType, "day": types.StringType, "path": types.StringType, "detail": types.StringType,
}}

// changeModel is an element of "changes".
type changeModel struct {
	Kind     types.String `tfsdk:"kind"`
	Sequence types.Int64  `tfsdk:"sequence"`
	Day      types.String `tfsdk:"day"`
	Detail   types.String `tfsdk:"detail"`
}

var changeType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"kind": types.StringType, "sequence": types.Int64Type, "day": types.StringType, "detail": types.StringType,
}}

// bagModel is an element of "bags".
type bagModel struct {
	Day               types.String `tfsdk:"day"`
	PackageCount      types.Int64  `tfsdk:"package_count"`
	TotalBytes        types.Int64  `tfsdk:"total_bytes"`
	TagManifestSHA256 types.String `tfsdk:"tagmanifest_sha256"`
	RetainedUntil     types.String `tfsdk:"retained_until"`
}

var bagType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"day": types.StringType, "package_count": types.Int64Type, "total_bytes": types.Int64Type,
	"tagmanifest_sha256": types.StringType, "retained_until": types.StringType,
}}
