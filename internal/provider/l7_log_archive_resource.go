package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
)

var (
	_ resource.Resource                   = (*archiveResource)(nil)
	_ resource.ResourceWithConfigure      = (*archiveResource)(nil)
	_ resource.ResourceWithValidateConfig = (*archiveResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*archiveResource)(nil)
	_ resource.ResourceWithImportState    = (*archiveResource)(nil)
)

// How long the operations may take where timeouts does not say. A first copy of
// a large account takes hours.
const (
	archiveRunTimeout    = 12 * time.Hour
	archiveDeleteTimeout = time.Hour
)

func newArchiveResource() resource.Resource { return &archiveResource{} }

// archiveResource is resource "teo_l7_log_archive".
type archiveResource struct{ session *session }

func (r *archiveResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_l7_log_archive"
}

func (r *archiveResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = archiveSchema(ctx)
}

func (r *archiveResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

func (r *archiveResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m archiveModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	m.check(ctx, &resp.Diagnostics)
}

func (r *archiveResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m archiveModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := m.Timeouts.Create(ctx, archiveRunTimeout)
	resp.Diagnostics.Append(diags...)
	// After an error nothing goes into the state: Terraform would call it
	// tainted, and on_destroy = "delete" would then remove what was archived.
	// The next apply goes on from what the destination holds.
	summary := r.run(ctx, &m, nil, timeout, &resp.Diagnostics)
	if summary != nil && !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		resp.Diagnostics.Append(keepLastRun(ctx, resp.Private, summary)...)
	}
}

func (r *archiveResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, before archiveModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := m.Timeouts.Update(ctx, archiveRunTimeout)
	resp.Diagnostics.Append(diags...)
	former := scopeOf(before.query(ctx, &resp.Diagnostics))
	if summary := r.run(ctx, &m, &former, timeout, &resp.Diagnostics); summary != nil {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		resp.Diagnostics.Append(keepLastRun(ctx, resp.Private, summary)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, damagedKey, nil)...)
	}
}

// Read compares the bags with their manifests. It asks the service nothing and
// downloads nothing.
func (r *archiveResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m archiveModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	timeout, diags := m.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	q := m.query(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, timeoutError(timeout))
	defer cancel()
	report, err := r.inspect(ctx, q, &m)
	if errors.Is(err, archive.ErrNoArchive) {
		resp.Diagnostics.AddAttributeWarning(path.Root("destination"), "Archive is gone",
			fmt.Sprintf("There is no archive at %s any more. An apply makes a new one of what the service still keeps.", m.Destination.ValueString()))
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		resp.Diagnostics.Append(archiveError(err))
		return
	}
	// Failed packages of the last run stay pending until a run succeeds.
	pending := max(0, int(m.PendingCount.ValueInt64())-report.Summary.PendingCount)
	resp.Diagnostics.Append(m.take(ctx, report.Summary, pending)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(keepLastRun(ctx, resp.Private, &report.Summary)...)
	var damaged []byte
	if len(report.Problems) > 0 {
		damaged = []byte("true")
		resp.Diagnostics.AddAttributeWarning(path.Root("destination"), "Archive differs from its manifests",
			fmt.Sprintf("At %s:\n%s\n\nAn apply mends what the service still serves, and leaves foreign files where they are.", m.Destination.ValueString(), listProblems(report.Problems)))
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, damagedKey, damaged)...)
}

func (r *archiveResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m archiveModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	timeout, diags := m.Timeouts.Delete(ctx, archiveDeleteTimeout)
	resp.Diagnostics.Append(diags...)
	q := m.query(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || m.OnDestroy.ValueString() != onDestroyDelete {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, timeoutError(timeout))
	defer cancel()
	store, err := archive.Open(ctx, m.Destination.ValueString())
	if err != nil {
		resp.Diagnostics.Append(archiveError(err))
		return
	}
	defer store.Close() //nolint:errcheck // it only lets connections go
	a, err := archive.New(r.config(ctx, store, q, &m))
	if err != nil {
		resp.Diagnostics.Append(archiveError(err))
		return
	}
	left, err := a.Delete(ctx)
	if err != nil {
		resp.Diagnostics.Append(archiveError(err))
	}
	if len(left) > 0 {
		resp.Diagnostics.AddAttributeWarning(path.Root("destination"), "Foreign files were left",
			fmt.Sprintf("The archive at %s was deleted, but these files are not its own and were left: %s.", m.Destination.ValueString(), shorten(left)))
	}
}

// ImportState restores the whole state from the bags of a destination.
func (r *archiveResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	store, err := archive.Open(ctx, req.ID)
	if err != nil {
		resp.Diagnostics.Append(archiveError(err))
		return
	}
	defer store.Close() //nolint:errcheck // it only lets connections go
	report, err := archive.Restore(ctx, store)
	if err != nil {
		resp.Diagnostics.Append(archiveError(err))
		return
	}
	for name, value := range restored(req.ID, report) {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
}

func listProblems(problems []archive.Problem) string {
	const most = 20
	var lines []string
	for _, p := range problems[:min(len(problems), most)] {
		lines = append(lines, "  - "+p.String())
	}
	if more := len(problems) - most; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", more))
	}
	return strings.Join(lines, "\n")
}
