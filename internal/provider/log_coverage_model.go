package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/coverage"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// coverageModel is the configuration and state of either layer.
type coverageModel interface {
	arguments() (coverageCommon, coverageFilters)
	setReport(report *coverage.Report, complete bool)
}

// coverageArguments are the arguments without Terraform's types.
type coverageArguments struct {
	query       teo.Query
	archive     string
	stableAfter time.Duration
	least       int64 // the count from which on an hour without a package is missing
	maxRows     int
	timeout     time.Duration
}

// coverageCommon are the attributes that both layers have.
type coverageCommon struct {
	StartTime   types.String         `tfsdk:"start_time"`
	EndTime     types.String         `tfsdk:"end_time"`
	Zones       types.Set            `tfsdk:"zones"`
	ZoneIDs     types.Set            `tfsdk:"zone_ids"`
	Archive     types.String         `tfsdk:"archive"`
	StableAfter timetypes.GoDuration `tfsdk:"stable_after"`
	Timeouts    timeouts.Value       `tfsdk:"timeouts"`
	Complete    types.Bool           `tfsdk:"complete"`
}

// coverageFilters are arguments whose names differ between the layers.
type coverageFilters struct {
	hosts              types.Set
	minCount, maxHosts types.Int64
}

// coverageSums are numbers of hours by verdict.
type coverageSums struct {
	CoveredHours     types.Int64 `tfsdk:"covered_hours"`
	MissingHours     types.Int64 `tfsdk:"missing_hours"`
	QuietHours       types.Int64 `tfsdk:"quiet_hours"`
	PendingHours     types.Int64 `tfsdk:"pending_hours"`
	UnwitnessedHours types.Int64 `tfsdk:"unwitnessed_hours"`
	UnverifiedHours  types.Int64 `tfsdk:"unverified_hours"`
}

func newCoverageSums(s coverage.Sums) coverageSums {
	return coverageSums{
		types.Int64Value(s.Covered), types.Int64Value(s.Missing), types.Int64Value(s.Quiet),
		types.Int64Value(s.Pending), types.Int64Value(s.Unwitnessed), types.Int64Value(s.Unverified),
	}
}

// coverageRow are the attributes of a row that both layers have.
type coverageRow struct {
	coverageSums

	ZoneID  types.String      `tfsdk:"zone_id"`
	Missing []string          `tfsdk:"missing"`
	Days    map[string]string `tfsdk:"days"`
}

func newCoverageRow(r coverage.Row) coverageRow {
	row := coverageRow{coverageSums: newCoverageSums(r.Sums), ZoneID: stringOrNull(r.ZoneID), Missing: []string{}, Days: r.Days}
	for _, at := range r.MissingHours {
		row.Missing = append(row.Missing, at.Format(time.RFC3339))
	}
	return row
}

type l7CoverageModel struct {
	coverageCommon
	coverageSums

	DomainNames   types.Set       `tfsdk:"domain_names"`
	MinRequests   types.Int64     `tfsdk:"min_requests"`
	MaxDomains    types.Int64     `tfsdk:"max_domains"`
	TotalRequests types.Int64     `tfsdk:"total_requests"`
	Domains       []l7CoverageRow `tfsdk:"domains"`
}

type l7CoverageRow struct {
	coverageRow

	Domain   string `tfsdk:"domain"`
	Requests int64  `tfsdk:"requests"`
}

func (m *l7CoverageModel) arguments() (coverageCommon, coverageFilters) {
	return m.coverageCommon, coverageFilters{m.DomainNames, m.MinRequests, m.MaxDomains}
}

func (m *l7CoverageModel) setReport(report *coverage.Report, complete bool) {
	m.Complete, m.coverageSums = types.BoolValue(complete), newCoverageSums(report.Sums)
	m.TotalRequests, m.Domains = types.Int64Value(report.Count), []l7CoverageRow{}
	for _, row := range report.Rows {
		m.Domains = append(m.Domains, l7CoverageRow{newCoverageRow(row), row.Name, row.Count})
	}
}

type l4CoverageModel struct {
	coverageCommon
	coverageSums

	ProxyIDs   types.Set       `tfsdk:"proxy_ids"`
	MinBytes   types.Int64     `tfsdk:"min_bytes"`
	MaxProxies types.Int64     `tfsdk:"max_proxies"`
	TotalBytes types.Int64     `tfsdk:"total_bytes"`
	Proxies    []l4CoverageRow `tfsdk:"proxies"`
}

type l4CoverageRow struct {
	coverageRow

	ProxyID string `tfsdk:"proxy_id"`
	Bytes   int64  `tfsdk:"bytes"`
}

func (m *l4CoverageModel) arguments() (coverageCommon, coverageFilters) {
	return m.coverageCommon, coverageFilters{m.ProxyIDs, m.MinBytes, m.MaxProxies}
}

func (m *l4CoverageModel) setReport(report *coverage.Report, complete bool) {
	m.Complete, m.coverageSums = types.BoolValue(complete), newCoverageSums(report.Sums)
	m.TotalBytes, m.Proxies = types.Int64Value(report.Count), []l4CoverageRow{}
	for _, row := range report.Rows {
		m.Proxies = append(m.Proxies, l4CoverageRow{newCoverageRow(row), row.Name, row.Count})
	}
}
