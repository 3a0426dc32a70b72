package provider

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
)

// damagedKey is the key of the private state that tells the plan that the last
// refresh found the archive damaged.
const damagedKey = "damaged"

// lastRunKey is the key of the private state that keeps when the last run
// without a failure began (archive.Summary.LastRun).
const lastRunKey = "last_run"

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
