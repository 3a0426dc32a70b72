package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// logArchiveModel is the configuration and the state of an archive.
type logArchiveModel struct {
	Destination types.String         `tfsdk:"destination"`
	StartTime   timetypes.RFC3339    `tfsdk:"start_time"`
	EndTime     timetypes.RFC3339    `tfsdk:"end_time"`
	Zones       types.Set            `tfsdk:"zones"`
	ZoneIDs     types.Set            `tfsdk:"zone_ids"`
	StableAfter timetypes.GoDuration `tfsdk:"stable_after"`
	Parallelism types.Int64          `tfsdk:"parallelism"`
	Verify      types.String         `tfsdk:"verify"`
	Accept      types.Map            `tfsdk:"accept"`
	OnDestroy   types.String         `tfsdk:"on_destroy"`
	Timeouts    timeouts.Value       `tfsdk:"timeouts"`

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
func (f family) logArchive(ctx context.Context, from getter, diags *diag.Diagnostics) logArchiveModel {
	if f.layer == teo.L4 {
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
func (f family) setLogArchive(ctx context.Context, to setter, m logArchiveModel) diag.Diagnostics {
	if f.layer == teo.L4 {
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

// check reports what the types of the attributes cannot, as far as the values
// are known.
func (m *logArchiveModel) check(diags *diag.Diagnostics) {
	window(m.StartTime, m.EndTime, diags)
	if !m.StableAfter.IsNull() && !m.StableAfter.IsUnknown() {
		if d, _ := m.StableAfter.ValueGoDuration(); d <= 0 {
			diags.AddAttributeError(path.Root("stable_after"), "Invalid stable_after",
				fmt.Sprintf("stable_after is %q, but it must be longer than zero, such as \"24h\". EdgeOne appends to packages for about a day.", m.StableAfter.ValueString()))
		}
	}
	checkDestination(m.Destination, diags)
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

// scope is what the configuration asks to archive.
func (f family) archiveScope(ctx context.Context, m *logArchiveModel, diags *diag.Diagnostics) archive.Scope {
	start, end := window(m.StartTime, m.EndTime, diags)
	return archive.Scope{
		Layer: f.layer, Start: start, End: end,
		Zones:   texts(ctx, m.Zones, diags),
		ZoneIDs: texts(ctx, m.ZoneIDs, diags),
		Hosts:   texts(ctx, m.Hosts, diags),
	}
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
	m.SealedThrough = stringOrNull(s.SealedThrough)
	head, diags := headValue(ctx, s.Head)
	m.Head = head
	return diags
}

// setUnknown marks the computed attributes as known after apply.
func (m *logArchiveModel) setUnknown() {
	m.PackageCount, m.PendingCount, m.TotalBytes, m.BagCount = types.Int64Unknown(), types.Int64Unknown(), types.Int64Unknown(), types.Int64Unknown()
	m.Complete, m.SealedThrough, m.Head = types.BoolUnknown(), types.StringUnknown(), types.ObjectUnknown(headType)
}

// stringOrNull is null for an empty string.
func stringOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}
