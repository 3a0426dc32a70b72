// Package logarchive has the resources "teo_l7_log_archive" and "teo_l4_log_archive",
// and data "teo_log_archive_verification".
package logarchive

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
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
	_ resource.ResourceWithIdentity       = (*logArchiveResource)(nil)
)

// NewL7Resource is resource "teo_l7_log_archive".
func NewL7Resource() resource.Resource { return &logArchiveResource{archives{Logs: query.L7}} }

// NewL4Resource is resource "teo_l4_log_archive".
func NewL4Resource() resource.Resource { return &logArchiveResource{archives{Logs: query.L4}} }

// logArchiveResource is resource "teo_l7_log_archive" or "teo_l4_log_archive".
type logArchiveResource struct{ archives }

func (r *logArchiveResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.archiveName()
	// The same place can be written in several ways.
	resp.ResourceBehavior.MutableIdentity = true
}

func (r *logArchiveResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = archiveSchema(ctx, r.Logs)
}

func (r *logArchiveResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"destination": identityschema.StringAttribute{RequiredForImport: true, Description: "URL of the destination, with its prefix."},
	}}
}

func (r *logArchiveResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.session = query.SessionOf[query.Session](req.ProviderData, &resp.Diagnostics)
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
		r.planCreate(ctx, &plan, &resp.Diagnostics)
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
	if plan.Destination.IsUnknown() || !bucket.SamePlace(ctx, state.Destination.ValueString(), plan.Destination.ValueString()) {
		resp.Diagnostics.Append(r.destroyWarning(ctx, &state)...)
		r.planCreate(ctx, &plan, &resp.Diagnostics)
		return
	}
	member := readMember(ctx, req.Private, &resp.Diagnostics)
	work, drift := r.planUpdate(ctx, &state, &plan, member, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if work {
		plan.setUnknown(&state)
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, driftKey, drift)...)
	} else {
		plan.copyComputed(&state)
	}
	resp.Diagnostics.Append(r.setLogArchive(ctx, &resp.Plan, plan)...)
}

func (r *logArchiveResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	m := r.logArchive(ctx, req.Plan, &resp.Diagnostics)
	timeout, diags := m.Timeouts.Create(ctx, archiveRunTimeout)
	resp.Diagnostics.Append(diags...)
	id, err := archive.NewID(rand.Reader, 16)
	if err != nil {
		resp.Diagnostics.AddError("Unable to archive offline logs", err.Error()+".")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	// An error beside a state would taint the resource, and the next apply would
	// destroy it. What a later run makes up for is a warning.
	o := r.run(ctx, &m, identity{member: archive.Member{ID: id}}, nil, timeout, &resp.Diagnostics)
	if o.report == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	if o.temporary() {
		resp.Diagnostics.AddWarning("Archive is incomplete", r.incompleteDetail(o.err)+" The resource is in the state; a later apply that fails is an error.")
	} else if o.err != nil {
		resp.Diagnostics.Append(r.archiveErrors(&m, o.err)...)
		r.leaveOrWarn(ctx, &m, &o.report.Head, o.report.Archive, o.report.Member, &resp.Diagnostics)
		resp.State.RemoveResource(ctx)
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, memberKey, encodeMember(o.report.Member))...)
	resp.Diagnostics.Append(r.setLogArchive(ctx, &resp.State, m)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("destination"), m.Destination)...)
}

func (r *logArchiveResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	m := r.logArchive(ctx, req.Plan, &resp.Diagnostics)
	state := r.logArchive(ctx, req.State, &resp.Diagnostics)
	timeout, diags := m.Timeouts.Update(ctx, archiveRunTimeout)
	resp.Diagnostics.Append(diags...)
	member := readMember(ctx, req.Private, &resp.Diagnostics)
	drift, diags := req.Private.GetKey(ctx, driftKey)
	resp.Diagnostics.Append(diags...)
	head := state.head(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, driftKey, nil)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("destination"), m.Destination)...)
	if !m.Head.IsUnknown() {
		// Only settings have changed that no run depends on.
		resp.Diagnostics.Append(r.setLogArchive(ctx, &resp.State, m)...)
		return
	}
	o := r.run(ctx, &m, identity{archive: state.ArchiveID.ValueString(), head: head, member: member, through: state.SignedThrough}, drift, timeout, &resp.Diagnostics)
	if o.err != nil {
		resp.Diagnostics.Append(r.archiveErrors(&m, o.err)...)
	}
	if o.report == nil {
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, memberKey, encodeMember(o.report.Member))...)
	resp.Diagnostics.Append(r.setLogArchive(ctx, &resp.State, m)...)
}

// Read moves the head forward over entries that need no decision. It never removes
// the resource, and leaves findings to the plan: an error here would also keep a
// destroy from happening.
func (r *logArchiveResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	m := r.logArchive(ctx, req.State, &resp.Diagnostics)
	timeout, diags := m.Timeouts.Read(ctx, query.ReadTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("destination"), m.Destination)...)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, query.TimeoutError(timeout))
	defer cancel()
	member := readMember(ctx, req.Private, &resp.Diagnostics)
	opened, err := r.readLedger(ctx, &m, member, &resp.Diagnostics)
	if err != nil {
		if !errors.Is(err, errReported) {
			resp.Diagnostics.Append(r.unusable(query.LateFor(err, timeout)))
		}
		return
	}
	if len(opened.Findings) > 0 {
		return // the plan shows them, and the changes beside them
	}
	for _, w := range opened.Changes {
		resp.Diagnostics.AddAttributeWarning(path.Root("destination"), w.Summary, w.Detail)
	}
	resp.Diagnostics.Append(m.set(ctx, opened.Summary(m.PendingCount.ValueInt64()))...)
	resp.Diagnostics.Append(r.setLogArchive(ctx, &resp.State, m)...)
}

func (r *logArchiveResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	m := r.logArchive(ctx, req.State, &resp.Diagnostics)
	timeout, diags := m.Timeouts.Delete(ctx, archiveDeleteTimeout)
	resp.Diagnostics.Append(diags...)
	member := readMember(ctx, req.Private, &resp.Diagnostics)
	head := m.head(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, query.TimeoutError(timeout))
	defer cancel()
	if m.OnDestroy.ValueString() != onDestroyDelete {
		r.leaveOrWarn(ctx, &m, head, m.ArchiveID.ValueString(), member, &resp.Diagnostics)
		return
	}
	r.delete(ctx, &m, head, member, timeout, &resp.Diagnostics)
}

// ImportState reads scope and head from the ledger.
func (r *logArchiveResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	destination := req.ID
	if destination == "" && req.Identity != nil {
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("destination"), &destination)...)
	}
	if err := bucket.Check(destination); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("destination"), "Invalid destination", err.Error()+". Import an archive by its destination.")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := r.find(ctx, destination)
	if err != nil {
		resp.Diagnostics.Append(r.archiveError(err))
		return
	}
	if found.Layer != string(r.Layer) {
		resp.Diagnostics.AddAttributeError(path.Root("destination"), "Archive of another layer",
			fmt.Sprintf("The archive at %s contains %s logs. Import it as teo_%s_log_archive.", destination, found.Layer, found.Layer))
		return
	}
	id, err := archive.NewID(rand.Reader, 16)
	if err != nil {
		resp.Diagnostics.AddError("Unable to import the archive", err.Error()+".")
		return
	}
	for name, value := range r.importedAttributes(destination, found) {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), value)...)
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, memberKey, encodeMember(archive.Member{ID: id, ScopeSequence: found.ScopeSequence}))...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("destination"), destination)...)
	resp.Diagnostics.AddAttributeWarning(path.Root("destination"), "Head of the archive is trusted",
		fmt.Sprintf("There is no earlier head with which the archive at %s could be compared, so its newest entry %s is trusted. Compare it with the head that you kept.", destination, found.Head))
}

// importedAttributes are the attributes of an archive that the ledger knows.
func (r *logArchiveResource) importedAttributes(destination string, found *archive.Existing) map[string]any {
	s := found.Scope
	attributes := map[string]any{
		"destination":  destination,
		"start_time":   s.Start.UTC().Format(time.RFC3339),
		"stable_after": query.ShortDuration(time.Duration(s.StableAfter) * time.Second),
		"recheck_days": s.RecheckDays,
		"parallelism":  int64(defaultParallelism),
		"verify":       verifyListing,
		"on_destroy":   onDestroyKeep,
		"archive_id":   found.Archive,
		"head": headModel{
			Sequence: types.Int64Value(found.Head.Sequence), SHA256: types.StringValue(found.Head.SHA256), WrittenAt: types.StringValue(found.WrittenAt.UTC().Format(time.RFC3339)),
		},
		"pending_count": int64(0),
	}
	if s.End != nil {
		attributes["end_time"] = s.End.UTC().Format(time.RFC3339)
	}
	if s.Retention != nil {
		attributes["retention"] = retentionModel{Mode: types.StringValue(s.Retention.Mode), Days: types.Int64Value(s.Retention.Days)}
	}
	if s.ExpireAfterDays > 0 {
		attributes["expire_after_days"] = s.ExpireAfterDays
	}
	for name, values := range map[string][]string{"zones": s.Zones, "zone_ids": s.ZoneIDs, r.Hosts: s.Hosts} {
		if len(values) > 0 {
			attributes[name] = values
		}
	}
	return attributes
}

// Keys of the private state.
const (
	memberKey = "member" // archive.Member
	driftKey  = "drift"  // what a plan found at the destination
)

// privateState is the private state of a request.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// readMember reads what the resource keeps of its own runs. A state without it is
// one that was written by hand: it begins to manage the archive with its next run.
func readMember(ctx context.Context, private privateState, diags *diag.Diagnostics) archive.Member {
	data, d := private.GetKey(ctx, memberKey)
	diags.Append(d...)
	var m archive.Member
	if data == nil {
		m.ID, _ = archive.NewID(rand.Reader, 16)
		return m
	}
	if err := json.Unmarshal(data, &m); err != nil {
		diags.AddError("Invalid private state", "The private state of the archive cannot be read: "+err.Error()+". Import the archive again.")
	}
	return m
}

func encodeMember(m archive.Member) []byte {
	data, _ := json.Marshal(m) // it has only numbers and texts
	return data
}
