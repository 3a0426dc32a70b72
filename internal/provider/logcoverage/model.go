package logcoverage

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/coverage"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// model is the configuration and the state of a comparison.
type model struct {
	sums

	StartTime   types.String         `tfsdk:"start_time"`
	EndTime     types.String         `tfsdk:"end_time"`
	Zones       types.Set            `tfsdk:"zones"`
	ZoneIDs     types.Set            `tfsdk:"zone_ids"`
	Archive     types.String         `tfsdk:"archive"`
	StableAfter timetypes.GoDuration `tfsdk:"stable_after"`
	MinRequests types.Int64          `tfsdk:"min_requests"`
	MaxHosts    types.Int64          `tfsdk:"max_hosts"`
	Timeouts    timeouts.Value       `tfsdk:"timeouts"`

	Complete      types.Bool  `tfsdk:"complete"`
	TotalRequests types.Int64 `tfsdk:"total_requests"`
	Hosts         []row       `tfsdk:"hosts"`

	// Filter is "domains" or "proxy_ids" (family.hosts).
	Filter types.Set `tfsdk:"-"`
}

// l7Model and l4Model add the attribute that has another name in
// each layer.
type (
	l7Model struct {
		model
		Domains types.Set `tfsdk:"domains"`
	}
	l4Model struct {
		model
		ProxyIDs types.Set `tfsdk:"proxy_ids"`
	}
)

// row is the result for one host.
type row struct {
	sums

	Host     string            `tfsdk:"host"` // a domain, in layer 4 the ID of a proxy
	ZoneID   types.String      `tfsdk:"zone_id"`
	Requests int64             `tfsdk:"requests"` // in layer 4 bytes
	Missing  []string          `tfsdk:"missing"`
	Days     map[string]string `tfsdk:"days"`
}

// sums are numbers of hours by status.
type sums struct {
	CoveredHours    types.Int64 `tfsdk:"covered_hours"`
	MissingHours    types.Int64 `tfsdk:"missing_hours"`
	QuietHours      types.Int64 `tfsdk:"quiet_hours"`
	PendingHours    types.Int64 `tfsdk:"pending_hours"`
	UncountedHours  types.Int64 `tfsdk:"uncounted_hours"`
	UnverifiedHours types.Int64 `tfsdk:"unverified_hours"`
}

func newSums(s coverage.Sums) sums {
	return sums{
		CoveredHours:    types.Int64Value(s.Covered),
		MissingHours:    types.Int64Value(s.Missing),
		QuietHours:      types.Int64Value(s.Quiet),
		PendingHours:    types.Int64Value(s.Pending),
		UncountedHours:  types.Int64Value(s.Uncounted),
		UnverifiedHours: types.Int64Value(s.Unverified),
	}
}

// arguments are the arguments without Terraform's types.
type arguments struct {
	query       teo.Query
	archive     string
	stableAfter time.Duration
	least       int64 // the count from which on an hour without a package is missing
	maxRows     int
	timeout     time.Duration
}

// model reads the configuration.
func (f family) model(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) model {
	if f.layer() == teo.L4 {
		var m l4Model
		diags.Append(config.Get(ctx, &m)...)
		m.Filter = m.ProxyIDs
		return m.model
	}
	var m l7Model
	diags.Append(config.Get(ctx, &m)...)
	m.Filter = m.Domains
	return m.model
}

// setModel writes the state.
func (f family) setModel(ctx context.Context, state *tfsdk.State, m model, diags *diag.Diagnostics) {
	if f.layer() == teo.L4 {
		diags.Append(state.Set(ctx, &l4Model{m, m.Filter})...)
		return
	}
	diags.Append(state.Set(ctx, &l7Model{m, m.Filter})...)
}

// setReport sets the results.
func (m *model) setReport(report *coverage.Report, complete bool) {
	m.sums = newSums(report.Sums)
	m.Complete, m.TotalRequests = types.BoolValue(complete), types.Int64Value(report.Count)
	if len(report.Rows) == 0 {
		m.Complete = types.BoolNull() // nothing was compared
	}
	m.Hosts = []row{}
	for _, r := range report.Rows {
		row := row{
			sums: newSums(r.Sums), Host: r.Name, ZoneID: query.StringOrNull(r.ZoneID), Requests: r.Count,
			Missing: []string{}, Days: r.Days,
		}
		for _, at := range r.MissingHours {
			row.Missing = append(row.Missing, at.Format(time.RFC3339))
		}
		m.Hosts = append(m.Hosts, row)
	}
}
