// Package logarchive has the resources "teo_l7_log_archive" and "teo_l4_log_archive",
// and data "teo_log_archive_verification".
package logarchive

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
)

var (
	_ resource.Resource                   = (*logArchiveResource)(nil)
	_ resource.ResourceWithConfigure      = (*logArchiveResource)(nil)
	_ resource.ResourceWithValidateConfig = (*logArchiveResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*logArchiveResource)(nil)
	_ resource.ResourceWithImportState    = (*logArchiveResource)(nil)
)

// Default timeouts. The first copy of a large account takes hours.
const (
	archiveRunTimeout    = 12 * time.Hour
	archiveDeleteTimeout = time.Hour
)

func NewL7Resource() resource.Resource { return &logArchiveResource{Logs: query.L7} }

func NewL4Resource() resource.Resource { return &logArchiveResource{Logs: query.L4} }

// logArchiveResource is resource "teo_l7_log_archive" or "teo_l4_log_archive".
type logArchiveResource struct {
	query.Logs

	session *resourceSession
}

func (r *logArchiveResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.archiveName()
}

func (r *logArchiveResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.archiveSchema(ctx)
}

func (r *logArchiveResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.session = query.SessionOf[resourceSession](req.ProviderData, &resp.Diagnostics)
}

func (r *logArchiveResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	m := r.logArchive(ctx, req.Config, &resp.Diagnostics)
	r.checkArchive(ctx, &m, &resp.Diagnostics)
}

// ModifyPlan plans an update if an apply has something to do: packages are new,
// files are missing or damaged, or there are findings, which make the apply fail.
// It does not depend on a refresh.
func (r *logArchiveResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.session == nil {
		return
	}
	if req.State.Raw.IsNull() {
		plan := r.logArchive(ctx, req.Plan, &resp.Diagnostics)
		r.checkAPIVersion(r.archiveScope(ctx, &plan, &resp.Diagnostics), &resp.Diagnostics)
		return
	}
	state := r.logArchive(ctx, req.State, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(r.destroyWarning(ctx, &state)...)
		return
	}
	plan := r.logArchive(ctx, req.Plan, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	// The paths that require replacement are not known here yet.
	if plan.Destination.IsUnknown() || !bucket.SamePlace(state.Destination.ValueString(), plan.Destination.ValueString()) {
		resp.Diagnostics.Append(r.destroyWarning(ctx, &state)...)
		return
	}
	timeout, diags := plan.Timeouts.Read(ctx, query.ReadTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, query.TimeoutError(timeout))
	defer cancel()
	work, diags := r.plannedWork(ctx, &state, &plan, timeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if work {
		plan.setUnknown()
	} else {
		plan.copyComputed(&state)
	}
	resp.Diagnostics.Append(r.setLogArchive(ctx, &resp.Plan, plan)...)
}

func (r *logArchiveResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	m := r.logArchive(ctx, req.Plan, &resp.Diagnostics)
	timeout, diags := m.Timeouts.Create(ctx, archiveRunTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	// After an error nothing goes into the state: Terraform would mark the
	// resource as tainted, and on_destroy = "delete" would then remove what was
	// archived. The next apply continues with what the destination contains.
	summary := r.run(ctx, &m, nil, timeout, &resp.Diagnostics)
	if summary == nil {
		return
	}
	if resp.Diagnostics.HasError() {
		if summary.Head != nil {
			resp.Diagnostics.AddAttributeWarning(path.Root("destination"), "Archive exists without a state",
				fmt.Sprintf("The archive at %s was begun, and its newest entry is %d with SHA-256 %s. Terraform does not keep a state after a failed create. "+
					"The next apply continues with the archive; it trusts the entry that it finds, so compare the head that it reports with this one.",
					m.Destination.ValueString(), summary.Head.Sequence, summary.Head.SHA256))
		}
		return
	}
	resp.Diagnostics.Append(r.setLogArchive(ctx, &resp.State, m)...)
}

func (r *logArchiveResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	m := r.logArchive(ctx, req.Plan, &resp.Diagnostics)
	state := r.logArchive(ctx, req.State, &resp.Diagnostics)
	timeout, diags := m.Timeouts.Update(ctx, archiveRunTimeout)
	resp.Diagnostics.Append(diags...)
	witness := state.head(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if !r.hasWork(&m) {
		// Only settings have changed that no run depends on.
		resp.Diagnostics.Append(r.setLogArchive(ctx, &resp.State, m)...)
		return
	}
	if summary := r.run(ctx, &m, witness, timeout, &resp.Diagnostics); summary != nil {
		resp.Diagnostics.Append(r.setLogArchive(ctx, &resp.State, m)...)
	}
}

// Read compares the destination with the head in the state, and warns of what an
// apply would repair or fail on. It never removes the resource: an archive that
// is gone is a loss.
func (r *logArchiveResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	m := r.logArchive(ctx, req.State, &resp.Diagnostics)
	timeout, diags := m.Timeouts.Read(ctx, query.ReadTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, query.TimeoutError(timeout))
	defer cancel()
	inspection, err := r.inspect(ctx, &m, m.head(ctx, &resp.Diagnostics), &resp.Diagnostics)
	if err != nil {
		resp.Diagnostics.Append(r.archiveError(query.LateFor(err, timeout)))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if len(inspection.Findings) > 0 {
		_ = inspection.Close()
		resp.Diagnostics.Append(findingWarnings(m.Destination.ValueString(), inspection.Findings)...)
		return
	}
	resp.Diagnostics.Append(m.set(ctx, &inspection.Summary, m.PendingCount.ValueInt64())...)
	resp.Diagnostics.Append(r.setLogArchive(ctx, &resp.State, m)...)
	r.session.inspections.put(r.config(ctx, inspection.store, r.archiveScope(ctx, &m, &resp.Diagnostics), &m, inspection.Summary.Head, &resp.Diagnostics), inspection)
}

func (r *logArchiveResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	m := r.logArchive(ctx, req.State, &resp.Diagnostics)
	timeout, diags := m.Timeouts.Delete(ctx, archiveDeleteTimeout)
	resp.Diagnostics.Append(diags...)
	witness := m.head(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || m.OnDestroy.ValueString() != onDestroyDelete {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, query.TimeoutError(timeout))
	defer cancel()
	store, err := r.session.OpenBucket(ctx, m.Destination.ValueString())
	if err != nil {
		resp.Diagnostics.Append(r.archiveError(query.LateFor(err, timeout)))
		return
	}
	defer store.Close()
	a, err := archive.New(r.config(ctx, store, r.archiveScope(ctx, &m, &resp.Diagnostics), &m, witness, &resp.Diagnostics))
	if err != nil {
		resp.Diagnostics.Append(r.archiveError(err))
		return
	}
	deletion, err := a.Delete(ctx)
	if deletion != nil {
		resp.Diagnostics.Append(remains(m.Destination.ValueString(), deletion)...)
	}
	if err != nil {
		resp.Diagnostics.Append(r.archiveErrors(m.Destination.ValueString(), query.LateFor(err, timeout))...)
	}
}

// ImportState reads scope and head from the ledger. The refresh that follows adds
// the rest.
func (r *logArchiveResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	store, err := r.session.OpenBucket(ctx, req.ID)
	if err != nil {
		resp.Diagnostics.Append(r.archiveError(err))
		return
	}
	defer store.Close()
	scope, head, err := archive.ReadScope(ctx, store)
	if err != nil {
		resp.Diagnostics.Append(r.archiveError(err))
		return
	}
	if scope.Layer != r.Layer {
		resp.Diagnostics.AddAttributeError(path.Root("destination"), "Archive of another layer",
			fmt.Sprintf("The archive at %s contains %s logs. Import it as teo_%s_log_archive.", req.ID, scope.Layer, scope.Layer))
		return
	}
	attributes := map[string]any{
		"destination":  req.ID,
		"start_time":   scope.Start.UTC().Format(time.RFC3339),
		"stable_after": defaultStableAfter,
		"parallelism":  int64(defaultParallelism),
		"verify":       verifyListing,
		"on_destroy":   onDestroyKeep,
		"head":         headModel{Sequence: types.Int64Value(head.Sequence), SHA256: types.StringValue(head.SHA256)},
	}
	if !scope.End.IsZero() {
		attributes["end_time"] = scope.End.UTC().Format(time.RFC3339)
	}
	for name, values := range map[string][]string{"zones": scope.Zones, "zone_ids": scope.ZoneIDs, r.Hosts: scope.Hosts} {
		if len(values) > 0 {
			attributes[name] = values
		}
	}
	for name, value := range attributes {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
	resp.Diagnostics.Append(trustedHead(req.ID, *head))
}

// archiveName is the name of the resource, after the provider's name.
func (r *logArchiveResource) archiveName() string { return string(r.Layer) + "_log_archive" }

// hasWork reports whether the plan left something to an apply.
func (r *logArchiveResource) hasWork(plan *logArchiveModel) bool { return plan.Head.IsUnknown() }

// plannedWork reports whether an apply has something to do, and warns of what an
// apply would repair, record or fail on.
func (r *logArchiveResource) plannedWork(ctx context.Context, state, plan *logArchiveModel, timeout time.Duration) (bool, diag.Diagnostics) {
	var diags diag.Diagnostics
	witness := state.head(ctx, &diags)
	inspection, err := r.inspect(ctx, plan, witness, &diags)
	if err != nil {
		diags.Append(r.archiveError(query.LateFor(err, timeout)))
	}
	if diags.HasError() {
		return false, diags
	}
	defer inspection.Close()
	destination := plan.Destination.ValueString()
	diags.Append(findingWarnings(destination, inspection.Findings)...)
	diags.Append(acceptedWarnings(inspection.Accepted)...)
	diags.Append(repairWarnings(destination, inspection.Inspection)...)
	// A refresh moves the head on. It does not if only the new configuration
	// accepts what other runs have recorded.
	moved := witness != nil && inspection.Summary.Head != nil && *inspection.Summary.Head != *witness && !plan.Accept.Equal(state.Accept)
	if len(inspection.Findings)+len(inspection.Accepted)+len(inspection.Work) > 0 || inspection.ScopeChanges || moved || !plan.scopeIsKnown() || plan.StableAfter.IsUnknown() {
		return true, diags
	}
	scope := r.archiveScope(ctx, plan, &diags)
	if r.checkAPIVersion(scope, &diags); diags.HasError() {
		return false, diags
	}
	listing, at, err := r.listScope(ctx, scope, scope.Start, scope.End)
	if err != nil {
		diags.Append(r.ReadError(r.archiveQuery(scope, scope.Start, scope.End), query.LateFor(err, timeout)))
		return false, diags
	}
	packages, _, sealed, err := inspection.Pending(ctx, listing.Packages, at)
	if err != nil {
		diags.Append(r.archiveError(query.LateFor(err, timeout)))
	}
	return packages > 0 || sealed, diags
}
