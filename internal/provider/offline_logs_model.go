package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// offlineLogsModel is the configuration of offline logs, of either layer and as
// data source or ephemeral resource. What is computed has no place in it: rows
// go from the list into the state without a model in between.
type offlineLogsModel struct {
	startTime, endTime timetypes.RFC3339
	zones, zoneIDs     types.Set
	hosts              types.Set
	pageSize           types.Int64
	maxPackages        types.Int64
	includeURLs        types.Bool
}

// decode reads the configuration and checks what the types of the attributes
// cannot.
func (f family) decode(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) offlineLogsModel {
	var m offlineLogsModel
	type argument struct {
		name   string
		target any
	}
	arguments := []argument{
		{"start_time", &m.startTime},
		{"end_time", &m.endTime},
		{"zones", &m.zones},
		{"zone_ids", &m.zoneIDs},
		{f.hosts, &m.hosts},
		{"page_size", &m.pageSize},
		{"max_packages", &m.maxPackages},
	}
	if f.inventory {
		m.includeURLs = types.BoolValue(false)
	} else {
		arguments = append(arguments, argument{"include_urls", &m.includeURLs})
	}
	for _, attribute := range arguments {
		diags.Append(config.GetAttribute(ctx, path.Root(attribute.name), attribute.target)...)
	}
	window(m.startTime, m.endTime, diags)
	return m
}

// query is what is asked of the service.
func (m offlineLogsModel) query(ctx context.Context, diags *diag.Diagnostics) teo.Query {
	q := teo.Query{
		PageSize:    int(m.pageSize.ValueInt64()),
		MaxPackages: int(m.maxPackages.ValueInt64()),
		Zones:       texts(ctx, m.zones, diags),
		ZoneIDs:     texts(ctx, m.zoneIDs, diags),
		Hosts:       texts(ctx, m.hosts, diags),
	}
	q.Start, q.End = window(m.startTime, m.endTime, new(diag.Diagnostics))
	return q
}

// window reads the two times; those not known yet are zero.
func window(start, end timetypes.RFC3339, diags *diag.Diagnostics) (from, to time.Time) {
	from, started := instantOf(start, diags)
	to, ended := instantOf(end, diags)
	if started && ended && !to.After(from) {
		diags.AddAttributeError(path.Root("end_time"), "Window ends before it starts",
			"end_time ("+end.ValueString()+") must be after start_time ("+start.ValueString()+"). Times with different offsets are compared as instants.")
	}
	return from, to
}

func instantOf(value timetypes.RFC3339, diags *diag.Diagnostics) (t time.Time, known bool) {
	if value.IsNull() || value.IsUnknown() {
		return time.Time{}, false
	}
	t, problems := value.ValueRFC3339Time()
	diags.Append(problems...)
	return t, !problems.HasError()
}

// texts reads a set of strings; null and empty are both "all".
func texts(ctx context.Context, set types.Set, diags *diag.Diagnostics) []string {
	if set.IsNull() || set.IsUnknown() {
		return nil
	}
	var values []string
	diags.Append(set.ElementsAs(ctx, &values, false)...)
	return values
}
