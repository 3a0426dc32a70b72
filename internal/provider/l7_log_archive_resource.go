package provider

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
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

// damagedKey is the key of the private state that tells the plan that the last
// refresh found the archive damaged.
const damagedKey = "damaged"

// lastRunKey is the key of the private state that keeps when the last run
// without a failure began (archive.Summary.LastRun).
const lastRunKey = "last_run"

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
	m.check(&resp.Diagnostics)
}

// ModifyPlan plans an update as long as an apply has something to do, or may
// have: packages are pending, the archive is damaged, or the window was not over
// at the last run, so that packages can have become stable since.
func (r *archiveResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.State.Raw.IsNull() {
		return
	}
	var state archiveModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(r.destroyWarning(&state)...)
		return
	}
	var plan archiveModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	damaged, diags := req.Private.GetKey(ctx, damagedKey)
	resp.Diagnostics.Append(diags...)
	lastRun, diags := lastRunOf(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	// The paths that require it are not known here yet.
	if plan.Destination.IsUnknown() || !archive.SamePlace(state.Destination.ValueString(), plan.Destination.ValueString()) {
		resp.Diagnostics.Append(r.destroyWarning(&state)...)
		return
	}
	if r.session == nil {
		return
	}
	over := false
	if !plan.EndTime.IsUnknown() && !plan.StableAfter.IsUnknown() {
		scope := scopeOf(plan.query(ctx, &resp.Diagnostics))
		over = scope.Over(lastRun, plan.stableAfter())
	}
	if changed := r.changeInPlace(ctx, &state, &plan); changed != nil {
		resp.Diagnostics.Append(archiveError(changed))
		return
	}
	if len(damaged) > 0 || !over || state.PendingCount.ValueInt64() > 0 {
		plan.unknown()
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	}
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

// run lists the window and brings the archive up to date. It returns the summary
// that the model holds then, which it may also do beside an error, or nil.
func (r *archiveResource) run(ctx context.Context, m *archiveModel, former *archive.Scope, timeout time.Duration, diags *diag.Diagnostics) *archive.Summary {
	q := m.query(ctx, diags)
	r.session.checkZoneIDs(q, diags)
	if diags.HasError() {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, timeoutError(timeout))
	defer cancel()
	store, err := archive.Open(ctx, m.Destination.ValueString())
	if err != nil {
		diags.Append(archiveError(err))
		return nil
	}
	defer store.Close() //nolint:errcheck // it only lets connections go
	listing, err := r.session.teo.L7Logs(ctx, q)
	if err != nil {
		diags.Append(l7Family.readError(q, lateFor(err, timeout)))
		return nil
	}
	if over := listing.ChangedOver; over != nil {
		diags.Append(changedOver(over))
	}
	if len(listing.Packages) == 0 && !q.End.After(r.session.now()) {
		diags.AddWarning("No packages to archive", l7Family.ladder(r.session.now(), q, listing))
	}
	config := r.config(ctx, store, q, m)
	config.Former = former
	a, err := archive.New(config)
	if err != nil {
		diags.Append(archiveError(err))
		return nil
	}
	summary, err := a.Run(ctx, listing.Packages)
	failed := 0
	if err != nil {
		var partial *archive.RunError
		if errors.As(err, &partial) {
			failed = len(partial.Failures) + partial.Skipped
		}
		diags.Append(archiveError(err))
	}
	if summary != nil {
		diags.Append(m.take(ctx, *summary, failed)...)
	}
	return summary
}

// changeInPlace returns an error for a change of window or filters that Update
// would refuse, as far as they are known.
func (r *archiveResource) changeInPlace(ctx context.Context, state, plan *archiveModel) error {
	for _, v := range []attr.Value{plan.StartTime, plan.EndTime, plan.Zones, plan.ZoneIDs, plan.Domains} {
		value, err := v.ToTerraformValue(ctx)
		if err != nil {
			return err
		}
		if !value.IsFullyKnown() {
			return nil
		}
	}
	var ignored diag.Diagnostics // each is reported elsewhere
	owner, wanted := scopeOf(state.query(ctx, &ignored)), scopeOf(plan.query(ctx, &ignored))
	if ignored.HasError() || wanted.Widens(owner) {
		return nil
	}
	return &archive.ClashError{Destination: plan.Destination.ValueString(), Owner: owner, Wanted: wanted, InPlace: true}
}

// keepLastRun and lastRunOf carry the time of the last run to the next plan.
func keepLastRun(ctx context.Context, private interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}, summary *archive.Summary,
) diag.Diagnostics {
	return private.SetKey(ctx, lastRunKey, []byte(strconv.Quote(summary.LastRun.UTC().Format(time.RFC3339))))
}

// lastRunOf returns the zero time where none is known: the plan then has an
// update, which finds out.
func lastRunOf(ctx context.Context, private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
},
) (time.Time, diag.Diagnostics) {
	value, diags := private.GetKey(ctx, lastRunKey)
	lastRun, err := time.Parse(`"`+time.RFC3339+`"`, string(value))
	if err != nil {
		return time.Time{}, diags
	}
	return lastRun, diags
}

func (r *archiveResource) config(ctx context.Context, store *archive.Store, q teo.Query, m *archiveModel) archive.Config {
	s := r.session
	return archive.Config{
		Store:       store,
		Scope:       scopeOf(q),
		StableAfter: m.stableAfter(),
		Parallelism: int(m.Parallelism.ValueInt64()),
		Agent:       s.agent,
		Transport:   s.transport,
		Relist: func(ctx context.Context, start, end time.Time) ([]teo.Package, error) {
			again := q
			again.Start, again.End = start, end
			listing, err := s.teo.L7Logs(ctx, again)
			if err != nil {
				return nil, err
			}
			return listing.Packages, nil
		},
		Pace:       s.pace,
		MaxRetries: s.maxRetries,
		Now:        s.now,
		Progress:   func(e archive.Event) { logArchive(ctx, e) },
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

func (r *archiveResource) inspect(ctx context.Context, q teo.Query, m *archiveModel) (*archive.Report, error) {
	store, err := archive.Open(ctx, m.Destination.ValueString())
	if err != nil {
		return nil, err
	}
	defer store.Close() //nolint:errcheck // it only lets connections go
	a, err := archive.New(r.config(ctx, store, q, m))
	if err != nil {
		return nil, err
	}
	return a.Inspect(ctx)
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
			fmt.Sprintf("The archive at %s was deleted, but these files are not its own and were left: %s.", m.Destination.ValueString(), some(left)))
	}
}

// destroyWarning says before it happens what becomes of the archive.
func (r *archiveResource) destroyWarning(m *archiveModel) diag.Diagnostics {
	var diags diag.Diagnostics
	if m.OnDestroy.ValueString() == onDestroyDelete {
		diags.AddAttributeWarning(path.Root("on_destroy"), "Archive will be deleted",
			fmt.Sprintf("on_destroy is \"delete\": %d archived packages at %s will be removed. Most of them can no longer be had from the service.", m.PackageCount.ValueInt64(), m.Destination.ValueString()))
		return diags
	}
	diags.AddAttributeWarning(path.Root("on_destroy"), "Archive is kept",
		fmt.Sprintf("The archive stays at %s (%d packages). It can be imported again by that destination; with on_destroy = \"delete\", applied before, it would be removed.", m.Destination.ValueString(), m.PackageCount.ValueInt64()))
	return diags
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
