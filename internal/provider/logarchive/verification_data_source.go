package logarchive

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
)

var (
	_ datasource.DataSource                   = (*logArchiveVerificationDataSource)(nil)
	_ datasource.DataSourceWithConfigure      = (*logArchiveVerificationDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*logArchiveVerificationDataSource)(nil)
)

// sha256Text matches a SHA-256 in lower-case hex.
var sha256Text = regexp.MustCompile(`^[0-9a-f]{64}$`)

// verificationTimeout is long enough to read a large archive.
const verificationTimeout = 6 * time.Hour

// NewVerificationDataSource is data "teo_log_archive_verification".
func NewVerificationDataSource() datasource.DataSource {
	return &logArchiveVerificationDataSource{}
}

// logArchiveVerificationDataSource is data "teo_log_archive_verification".
type logArchiveVerificationDataSource struct{ session *query.Session }

func (d *logArchiveVerificationDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_log_archive_verification"
}

func (d *logArchiveVerificationDataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	kinds := "What is wrong:\n"
	for _, kind := range archive.ProblemKinds() {
		kinds += fmt.Sprintf("  - `%s`: %s\n", kind, kind.Description())
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Verifies an archive of `teo_l7_log_archive` or `teo_l4_log_archive` at its destination and returns the problems as data. Only a destination that cannot be read is an error. " +
			"It needs no EdgeOne credentials, except that a `cos://` destination is signed with the credentials of the provider, and it can be used in `check` blocks.\n\n" +
			"It replays the ledger from its first entry and checks every rule of the format, the tag files and records of each bag, and that every file is named by a manifest and every named file exists. " +
			"Losses, erasures and expiries that the ledger records are counted and are no problems. " +
			"With `depth = \"payload\"` it also reads every package: its SHA-256, its gzip stream, and its number of lines.",
		Attributes: map[string]schema.Attribute{
			"destination": schema.StringAttribute{MarkdownDescription: destinationText, Required: true},
			"depth": schema.StringAttribute{
				MarkdownDescription: "`payload` (the default) verifies everything, `ledger` does not read the packages.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf(string(archive.DepthLedger), string(archive.DepthPayload))},
			},
			"expected_head": schema.StringAttribute{
				MarkdownDescription: "SHA-256 of a ledger entry that was noted before, in lower-case hex. A hash that no entry of the ledger has is a problem: the archive was rolled back, or is another one. `changes` lists the changes of later entries.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(sha256Text, "must be 64 lower-case hex digits")},
			},
			"public_key": schema.StringAttribute{
				MarkdownDescription: "Verifier key of the archive's signer (`public_key` of the archive resource). The newest signed head must be signed with it and match the ledger, and entries after it are problems of the kind `unsigned`.",
				Optional:            true,
			},
			"timestamp_ca": schema.StringAttribute{
				MarkdownDescription: "CA certificates of time-stamp authorities in PEM. The newest signed head must have a token of one of them. The certificates must have been valid at the time of the token.",
				Optional:            true,
			},
			"witness_keys": schema.SetAttribute{
				MarkdownDescription: "Verifier keys of witnesses. Each of them must have cosigned the newest signed head.",
				Optional:            true,
				ElementType:         types.StringType,
			},
			"parallelism": schema.Int64Attribute{
				CustomType:          query.WholeNumber{},
				MarkdownDescription: "Number of files that are read at the same time, 1 to 256. Default 8.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(1, maxParallelism)},
			},
			"timeouts": timeouts.AttributesWithOpts(ctx, timeouts.Opts{ReadDescription: fmt.Sprintf(query.TimeoutText, "reading the archive", query.ShortDuration(verificationTimeout))}),

			"valid": schema.BoolAttribute{MarkdownDescription: "Whether there are no problems.", Computed: true},
			"problems": schema.ListNestedAttribute{
				MarkdownDescription: fmt.Sprintf("The problems, sorted by day, path and kind; at most %d.", archive.MaxProblems),
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"kind":   schema.StringAttribute{MarkdownDescription: kinds, Computed: true},
					"day":    schema.StringAttribute{MarkdownDescription: "UTC date of the bag, such as `2022-05-04`. Null if the problem does not belong to a bag.", Computed: true},
					"path":   schema.StringAttribute{MarkdownDescription: "File, relative to the destination and its prefix.", Computed: true},
					"detail": schema.StringAttribute{MarkdownDescription: "What was expected and what was found.", Computed: true},
				}},
			},
			"problem_count": schema.Int64Attribute{MarkdownDescription: "Number of problems, including those that are not in `problems`.", Computed: true},
			"head": schema.SingleNestedAttribute{
				MarkdownDescription: headText + " Null if there is none.",
				Computed:            true,
				Attributes: map[string]schema.Attribute{
					"sequence":   schema.Int64Attribute{MarkdownDescription: sequenceText, Computed: true},
					"sha256":     schema.StringAttribute{MarkdownDescription: entrySHA256Text, Computed: true},
					"written_at": schema.StringAttribute{MarkdownDescription: writtenAtText, Computed: true},
				},
			},
			"archive_id":        schema.StringAttribute{MarkdownDescription: archiveIDText + " Null if there is no ledger.", Computed: true},
			"layer":             schema.StringAttribute{MarkdownDescription: "Layer of the logs: `l7` or `l4`. Null if there is no ledger.", Computed: true},
			"package_count":     schema.Int64Attribute{MarkdownDescription: packageCountText, Computed: true},
			"lost_count":        schema.Int64Attribute{MarkdownDescription: lostCountText, Computed: true},
			"erased_count":      schema.Int64Attribute{MarkdownDescription: erasedCountText, Computed: true},
			"expired_count":     schema.Int64Attribute{MarkdownDescription: "Number of files of packages that have expired (`expire_after_days`).", Computed: true},
			"uncommitted_count": schema.Int64Attribute{MarkdownDescription: "Number of bags that no entry of the ledger names: an interrupted run left them, or a run is in progress. They do not make the archive invalid.", Computed: true},
			"total_bytes":       schema.Int64Attribute{MarkdownDescription: totalBytesText, Computed: true},
			"signed": schema.SingleNestedAttribute{
				MarkdownDescription: "The newest signed head. Null if neither `public_key` nor `timestamp_ca` nor `witness_keys` is set, or if no signed head is valid.",
				Computed:            true,
				Attributes: map[string]schema.Attribute{
					"sequence":  schema.Int64Attribute{MarkdownDescription: "Number of the entry whose head is signed.", Computed: true},
					"signed_at": schema.StringAttribute{MarkdownDescription: "RFC 3339 UTC time of the time-stamp token. Null if none was verified.", Computed: true},
					"witnesses": schema.ListAttribute{MarkdownDescription: "Names of the witnesses whose cosignatures were verified.", Computed: true, ElementType: types.StringType},
				},
			},
			"changes": schema.ListNestedAttribute{
				MarkdownDescription: fmt.Sprintf("What the entries after `expected_head` changed, in their order; at most %d. Empty without `expected_head`.", archive.MaxProblems),
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"kind":     schema.StringAttribute{MarkdownDescription: "Field of the ledger entry, such as `bags`, `lost` or `sealed_through`.", Computed: true},
					"sequence": schema.Int64Attribute{MarkdownDescription: sequenceText, Computed: true},
					"day":      schema.StringAttribute{MarkdownDescription: "UTC date, such as `2022-05-04`. Null if the change concerns the whole archive.", Computed: true},
					"detail":   schema.StringAttribute{MarkdownDescription: "What changed, in one line.", Computed: true},
				}},
			},
			"bags": schema.MapNestedAttribute{
				MarkdownDescription: "The committed bags that have not expired, by folder, such as `dt=2022-05-04/bag=5f0c2a91`.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"day":                schema.StringAttribute{MarkdownDescription: "UTC date of the bag.", Computed: true},
					"package_count":      schema.Int64Attribute{MarkdownDescription: "Number of packages that the bag was committed with.", Computed: true},
					"total_bytes":        schema.Int64Attribute{MarkdownDescription: "Total length of these packages as stored, in bytes.", Computed: true},
					"tagmanifest_sha256": schema.StringAttribute{MarkdownDescription: "SHA-256 of `tagmanifest-sha256.txt`, in lower-case hex.", Computed: true},
					"retained_until":     schema.StringAttribute{MarkdownDescription: "RFC 3339 UTC time at which the first lock among the files that were read ends. Null if one of these files has no lock.", Computed: true},
				}},
			},
		},
	}
}

func (d *logArchiveVerificationDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = query.SessionOf[query.Session](req.ProviderData, &resp.Diagnostics)
}

func (d *logArchiveVerificationDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var destination types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("destination"), &destination)...)
	checkDestination(destination, &resp.Diagnostics)
	var limits timeouts.Value
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("timeouts"), &limits)...)
	query.DecodeTimeout(ctx, limits.Read, verificationTimeout, &resp.Diagnostics)
	var m logArchiveVerificationModel
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("public_key"), &m.PublicKey)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("timestamp_ca"), &m.TimestampCA)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("witness_keys"), &m.WitnessKeys)...)
	m.signed(ctx, &resp.Diagnostics)
}

func (d *logArchiveVerificationDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m logArchiveVerificationModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	timeout, diags := m.Timeouts.Read(ctx, verificationTimeout)
	resp.Diagnostics.Append(diags...)
	signed := m.signed(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, query.TimeoutError(timeout))
	defer cancel()
	store, err := d.session.OpenBucket(ctx, m.Destination.ValueString(), true)
	if err != nil {
		resp.Diagnostics.Append(destinationError(err))
		return
	}
	defer store.Close()
	report, err := archive.Verify(ctx, store, archive.VerifyOptions{
		Depth:        archive.Depth(m.Depth.ValueString()),
		ExpectedHead: m.ExpectedHead.ValueString(),
		Parallelism:  int(m.Parallelism.ValueInt64()),
		Signed:       signed,
		Now:          d.session.Now,
	})
	if err != nil {
		resp.Diagnostics.Append(destinationError(query.LateFor(err, timeout)))
		return
	}
	for _, w := range slices.Concat(archive.StoreWarnings(store), report.Warnings) {
		resp.Diagnostics.AddAttributeWarning(path.Root("destination"), w.Summary, w.Detail)
	}
	resp.Diagnostics.Append(m.set(ctx, report)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// set fills the computed attributes.
func (m *logArchiveVerificationModel) set(ctx context.Context, v *archive.Verification) diag.Diagnostics {
	var diags, all diag.Diagnostics
	problems := make([]problemModel, 0, len(v.Problems))
	for _, p := range v.Problems {
		problems = append(problems, problemModel{
			Kind:   types.StringValue(string(p.Kind)),
			Day:    query.StringOrNull(p.Day),
			Path:   query.StringOrNull(p.Path),
			Detail: types.StringValue(p.Detail),
		})
	}
	changes := make([]changeModel, 0, len(v.Changes))
	for _, c := range v.Changes {
		changes = append(changes, changeModel{
			Kind: types.StringValue(c.Kind), Sequence: types.Int64Value(c.Sequence), Day: query.StringOrNull(c.Day), Detail: types.StringValue(c.Detail),
		})
	}
	bags := make(map[string]bagModel, len(v.Bags))
	for folder, b := range v.Bags {
		until := types.StringNull()
		if !b.RetainedUntil.IsZero() {
			until = types.StringValue(b.RetainedUntil.UTC().Format(time.RFC3339))
		}
		bags[folder] = bagModel{
			Day: types.StringValue(b.Day), PackageCount: types.Int64Value(b.PackageCount), TotalBytes: types.Int64Value(b.TotalBytes),
			TagManifestSHA256: types.StringValue(b.TagmanifestSHA256), RetainedUntil: until,
		}
	}
	m.Valid = types.BoolValue(v.ProblemCount == 0)
	m.Problems, diags = types.ListValueFrom(ctx, problemType, problems)
	all.Append(diags...)
	m.ProblemCount = types.Int64Value(v.ProblemCount)
	m.Head = types.ObjectNull(headType)
	if v.Head != nil {
		m.Head, diags = headValue(ctx, *v.Head, v.WrittenAt)
		all.Append(diags...)
	}
	m.ArchiveID, m.Layer = query.StringOrNull(v.Archive), query.StringOrNull(string(v.Layer))
	m.PackageCount, m.LostCount, m.ErasedCount = types.Int64Value(v.PackageCount), types.Int64Value(v.LostCount), types.Int64Value(v.ErasedCount)
	m.ExpiredCount, m.UncommittedCount, m.TotalBytes = types.Int64Value(v.ExpiredCount), types.Int64Value(v.UncommittedCount), types.Int64Value(v.TotalBytes)
	m.Signed, diags = signedValue(ctx, v.Signed)
	all.Append(diags...)
	m.Changes, diags = types.ListValueFrom(ctx, changeType, changes)
	all.Append(diags...)
	m.Bags, diags = types.MapValueFrom(ctx, bagType, bags)
	all.Append(diags...)
	return all
}
