package logarchive

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// logArchiveModel is the configuration and the state of an archive.
type logArchiveModel struct {
	Destination types.String   `tfsdk:"destination"`
	StartTime   types.String   `tfsdk:"start_time"`
	EndTime     types.String   `tfsdk:"end_time"`
	Zones       types.Set      `tfsdk:"zones"`
	ZoneIDs     types.Set      `tfsdk:"zone_ids"`
	StableAfter types.String   `tfsdk:"stable_after"`
	Parallelism types.Int64    `tfsdk:"parallelism"`
	Verify      types.String   `tfsdk:"verify"`
	Accept      types.Map      `tfsdk:"accept"`
	OnDestroy   types.String   `tfsdk:"on_destroy"`
	Timeouts    timeouts.Value `tfsdk:"timeouts"`

	PackageCount  types.Int64  `tfsdk:"package_count"`
	PendingCount  types.Int64  `tfsdk:"pending_count"`
	TotalBytes    types.Int64  `tfsdk:"total_bytes"`
	BagCount      types.Int64  `tfsdk:"bag_count"`
	Complete      types.Bool   `tfsdk:"complete"`
	SealedThrough types.String `tfsdk:"sealed_through"`
	Head          types.Object `tfsdk:"head"`

	// Hosts is "domains" or "proxy_ids" (family.hosts).
	Hosts types.Set `tfsdk:"-"`
}

// l7LogArchiveModel and l4LogArchiveModel add the attribute that has another
// name in each layer.
type (
	l7LogArchiveModel struct {
		logArchiveModel
		Domains types.Set `tfsdk:"domains"`
	}
	l4LogArchiveModel struct {
		logArchiveModel
		ProxyIDs types.Set `tfsdk:"proxy_ids"`
	}
)

// getter is a configuration, plan or state; setter is a plan or state.
type (
	getter interface {
		Get(ctx context.Context, target any) diag.Diagnostics
	}
	setter interface {
		Set(ctx context.Context, value any) diag.Diagnostics
	}
)

// logArchive reads the model of an archive.
func (r *logArchiveResource) logArchive(ctx context.Context, from getter, diags *diag.Diagnostics) logArchiveModel {
	if r.Layer == teo.L4 {
		var m l4LogArchiveModel
		diags.Append(from.Get(ctx, &m)...)
		m.Hosts = m.ProxyIDs
		return m.logArchiveModel
	}
	var m l7LogArchiveModel
	diags.Append(from.Get(ctx, &m)...)
	m.Hosts = m.Domains
	return m.logArchiveModel
}

// setLogArchive writes the model of an archive.
func (r *logArchiveResource) setLogArchive(ctx context.Context, to setter, m logArchiveModel) diag.Diagnostics {
	if r.Layer == teo.L4 {
		return to.Set(ctx, l4LogArchiveModel{logArchiveModel: m, ProxyIDs: m.Hosts})
	}
	return to.Set(ctx, l7LogArchiveModel{logArchiveModel: m, Domains: m.Hosts})
}

// headModel is the attribute "head".
type headModel struct {
	Sequence types.Int64  `tfsdk:"sequence"`
	SHA256   types.String `tfsdk:"sha256"`
}

var headType = map[string]attr.Type{"sequence": types.Int64Type, "sha256": types.StringType}

// headValue is the value of the attribute "head".
func headValue(ctx context.Context, head *archive.Head) (types.Object, diag.Diagnostics) {
	if head == nil {
		return types.ObjectNull(headType), nil
	}
	return types.ObjectValueFrom(ctx, headType, headModel{Sequence: types.Int64Value(head.Sequence), SHA256: types.StringValue(head.SHA256)})
}

// head is the head that the state keeps; nil after an import of an earlier
// version of the resource, or if it is not known.
func (m *logArchiveModel) head(ctx context.Context, diags *diag.Diagnostics) *archive.Head {
	if m.Head.IsNull() || m.Head.IsUnknown() {
		return nil
	}
	var h headModel
	diags.Append(m.Head.As(ctx, &h, basetypes.ObjectAsOptions{})...)
	return &archive.Head{Sequence: h.Sequence.ValueInt64(), SHA256: h.SHA256.ValueString()}
}

// check reports what is wrong with the values that are known, each on its
// attribute.
func (r *logArchiveResource) checkArchive(ctx context.Context, m *logArchiveModel, diags *diag.Diagnostics) {
	r.archiveScope(ctx, m, diags)
	m.stableAfter(diags)
	checkDestination(m.Destination, diags)
	for _, timeout := range []struct {
		get      func(context.Context, time.Duration) (time.Duration, diag.Diagnostics)
		fallback time.Duration
	}{
		{m.Timeouts.Create, archiveRunTimeout},
		{m.Timeouts.Read, query.ReadTimeout},
		{m.Timeouts.Update, archiveRunTimeout},
		{m.Timeouts.Delete, archiveDeleteTimeout},
	} {
		query.DecodeTimeout(ctx, timeout.get, timeout.fallback, diags)
	}
}

var inDays = regexp.MustCompile(`^(\d+)d$`)

// stableAfter is the argument "stable_after".
func (m *logArchiveModel) stableAfter(diags *diag.Diagnostics) time.Duration {
	if m.StableAfter.IsNull() || m.StableAfter.IsUnknown() {
		return archive.DefaultStableAfter
	}
	text := m.StableAfter.ValueString()
	d, err := time.ParseDuration(text)
	if err == nil && d > 0 {
		return d
	}
	problem := fmt.Sprintf("%q is not a duration above zero, such as \"24h\" or \"36h30m\" (units h, m, s).", text)
	if days := inDays.FindStringSubmatch(text); days != nil {
		problem += " There is no unit for days: write " + days[1] + " days in hours."
	}
	diags.AddAttributeError(path.Root("stable_after"), "Invalid stable_after", problem+" EdgeOne appends to packages for about a day.")
	return archive.DefaultStableAfter
}

// checkDestination reports a destination of invalid form.
func checkDestination(destination types.String, diags *diag.Diagnostics) {
	if destination.IsNull() || destination.IsUnknown() {
		return
	}
	if err := bucket.Check(destination.ValueString()); err != nil {
		diags.AddAttributeError(path.Root("destination"), "Invalid destination", err.Error()+".")
	}
}

// archiveScope is what the configuration asks to archive.
func (r *logArchiveResource) archiveScope(ctx context.Context, m *logArchiveModel, diags *diag.Diagnostics) archive.Scope {
	q := query.Arguments{
		StartTime: m.StartTime, EndTime: m.EndTime, Zones: m.Zones, ZoneIDs: m.ZoneIDs, Hosts: m.Hosts, HostsName: r.Hosts,
	}.Decode(ctx, diags)
	return archive.Scope{Layer: r.Layer, Start: q.Start, End: q.End, Zones: q.Zones, ZoneIDs: q.ZoneIDs, Hosts: q.Hosts}
}

// scopeIsKnown reports whether window and filters are known.
func (m *logArchiveModel) scopeIsKnown() bool {
	for _, v := range []attr.Value{m.StartTime, m.EndTime} {
		if v.IsUnknown() {
			return false
		}
	}
	for _, set := range []types.Set{m.Zones, m.ZoneIDs, m.Hosts} {
		if set.IsUnknown() || slices.ContainsFunc(set.Elements(), attr.Value.IsUnknown) {
			return false
		}
	}
	return true
}

// accepted is the argument "accept".
func (m *logArchiveModel) accepted(ctx context.Context, diags *diag.Diagnostics) map[string]string {
	if m.Accept.IsNull() || m.Accept.IsUnknown() {
		return nil
	}
	var tokens map[string]types.String
	diags.Append(m.Accept.ElementsAs(ctx, &tokens, false)...)
	known := make(map[string]string, len(tokens))
	for token, reason := range tokens {
		if !reason.IsUnknown() {
			known[token] = reason.ValueString()
		}
	}
	return known
}

// set fills the computed attributes. pending is the number of pending packages.
func (m *logArchiveModel) set(ctx context.Context, s *archive.Summary, pending int64) diag.Diagnostics {
	m.PackageCount = types.Int64Value(s.PackageCount)
	m.PendingCount = types.Int64Value(pending)
	m.TotalBytes = types.Int64Value(s.TotalBytes)
	m.BagCount = types.Int64Value(s.BagCount)
	m.Complete = types.BoolValue(s.Complete)
	m.SealedThrough = query.StringOrNull(s.SealedThrough)
	head, diags := headValue(ctx, s.Head)
	m.Head = head
	return diags
}

// setUnknown marks the computed attributes as known after apply.
func (m *logArchiveModel) setUnknown() {
	m.PackageCount, m.PendingCount, m.TotalBytes, m.BagCount = types.Int64Unknown(), types.Int64Unknown(), types.Int64Unknown(), types.Int64Unknown()
	m.Complete, m.SealedThrough, m.Head = types.BoolUnknown(), types.StringUnknown(), types.ObjectUnknown(headType)
}

// copyComputed takes the computed attributes of the state.
func (m *logArchiveModel) copyComputed(state *logArchiveModel) {
	m.PackageCount, m.PendingCount, m.TotalBytes, m.BagCount = state.PackageCount, state.PendingCount, state.TotalBytes, state.BagCount
	m.Complete, m.SealedThrough, m.Head = state.Complete, state.SealedThrough, state.Head
}
