package provider

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// archiveModel is the resource's configuration and state.
type archiveModel struct {
	StartTime   types.String         `tfsdk:"start_time"`
	EndTime     types.String         `tfsdk:"end_time"`
	Zones       types.Set            `tfsdk:"zones"`
	ZoneIDs     types.Set            `tfsdk:"zone_ids"`
	Domains     types.Set            `tfsdk:"domains"`
	Destination types.String         `tfsdk:"destination"`
	StableAfter timetypes.GoDuration `tfsdk:"stable_after"`
	Parallelism types.Int64          `tfsdk:"parallelism"`
	OnDestroy   types.String         `tfsdk:"on_destroy"`
	Timeouts    timeouts.Value       `tfsdk:"timeouts"`

	PackageCount types.Int64 `tfsdk:"package_count"`
	PendingCount types.Int64 `tfsdk:"pending_count"`
	TotalBytes   types.Int64 `tfsdk:"total_bytes"`
	Bags         types.Map   `tfsdk:"bags"`
}

type bagModel struct {
	Path           types.String `tfsdk:"path"`
	PackageCount   types.Int64  `tfsdk:"package_count"`
	TotalBytes     types.Int64  `tfsdk:"total_bytes"`
	ManifestSHA256 types.String `tfsdk:"manifest_sha256"`
}

var bagType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"path": types.StringType, "package_count": types.Int64Type, "total_bytes": types.Int64Type, "manifest_sha256": types.StringType,
}}

// check reports what the types of the attributes cannot, as far as it is known.
func (m *archiveModel) check(ctx context.Context, diags *diag.Diagnostics) {
	m.query(ctx, diags)
	if !m.StableAfter.IsNull() && !m.StableAfter.IsUnknown() && m.stableAfter() <= 0 {
		diags.AddAttributeError(path.Root("stable_after"), "Invalid time until packages are stable",
			"stable_after must be above zero, such as \"24h\". The service adds to packages for about a day.")
	}
	if !m.Destination.IsNull() && !m.Destination.IsUnknown() {
		if err := archive.CheckDestination(m.Destination.ValueString()); err != nil {
			diags.Append(destinationError(err))
		}
	}
}

func (m *archiveModel) stableAfter() time.Duration {
	d, _ := m.StableAfter.ValueGoDuration()
	return d
}

// query lists what the archive is of. An archive has no limit on its length.
func (m *archiveModel) query(ctx context.Context, diags *diag.Diagnostics) teo.Query {
	q := logQuery{
		startTime: m.StartTime, endTime: m.EndTime,
		zones: m.Zones, zoneIDs: m.ZoneIDs, hosts: m.Domains, hostsName: "domains",
	}.decode(ctx, diags)
	q.MaxPackages = 100 * teo.DefaultMaxPackages
	return q
}

// scopeOf is what the archive of a query holds: whole seconds, as on the wire.
func scopeOf(q teo.Query) archive.Scope {
	start, end := teo.RoundWindow(q.Start, q.End)
	return archive.Scope{Start: start, End: end, Zones: q.Zones, ZoneIDs: q.ZoneIDs, Domains: q.Hosts}
}

// take puts a summary into the computed attributes. Packages that failed are
// pending as well: another apply is to archive them.
func (m *archiveModel) take(ctx context.Context, s archive.Summary, failed int) diag.Diagnostics {
	bags := make(map[string]bagModel, len(s.Bags))
	for day, bag := range s.Bags {
		bags[day] = bagModel{
			Path:           types.StringValue(bag.Path),
			PackageCount:   types.Int64Value(int64(bag.PackageCount)),
			TotalBytes:     types.Int64Value(bag.TotalBytes),
			ManifestSHA256: types.StringValue(bag.ManifestSHA256),
		}
	}
	m.PackageCount = types.Int64Value(int64(s.PackageCount))
	m.PendingCount = types.Int64Value(int64(s.PendingCount + failed))
	m.TotalBytes = types.Int64Value(s.TotalBytes)
	var diags diag.Diagnostics
	m.Bags, diags = types.MapValueFrom(ctx, bagType, bags)
	return diags
}

// unknown leaves the computed attributes to an apply.
func (m *archiveModel) unknown() {
	m.PackageCount, m.PendingCount, m.TotalBytes = types.Int64Unknown(), types.Int64Unknown(), types.Int64Unknown()
	m.Bags = types.MapUnknown(bagType)
}

// shortDuration writes a duration as people do: "48h", not "48h0m0s".
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// restored are the attributes that an archive says of itself, for an import;
// the refresh that follows adds the rest.
func restored(destination string, report *archive.Report) map[string]any {
	attributes := map[string]any{
		"destination":  destination,
		"start_time":   report.Scope.Start.UTC().Format(time.RFC3339),
		"end_time":     report.Scope.End.UTC().Format(time.RFC3339),
		"stable_after": defaultStableAfter,
		"parallelism":  int64(defaultParallelism),
		"on_destroy":   onDestroyKeep,
	}
	if d := report.StableAfter; d > 0 && d != 24*time.Hour {
		attributes["stable_after"] = shortDuration(d)
	}
	for name, values := range map[string][]string{"zones": report.Scope.Zones, "zone_ids": report.Scope.ZoneIDs, "domains": report.Scope.Domains} {
		if len(values) > 0 {
			attributes[name] = values
		}
	}
	return attributes
}
