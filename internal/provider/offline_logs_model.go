package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// readTimeout is long enough for the longest list at a hundredth of the rate limit.
const readTimeout = 20 * time.Minute

// offlineLogsModel is the decoded configuration of offline logs: of either layer,
// and of the data source or the ephemeral resource.
type offlineLogsModel struct {
	query       teo.Query
	includeURLs bool
	timeout     time.Duration
}

// decode decodes and validates a configuration. timeout is the method of the
// timeouts library that returns the timeout of the operation.
func (f family) decode(ctx context.Context, config tfsdk.Config, timeout func(context.Context, time.Duration) (time.Duration, diag.Diagnostics), diags *diag.Diagnostics) offlineLogsModel {
	var (
		pageSize, maxPackages types.Int64
		includeURLs           types.Bool
	)
	l := logQuery{hostsName: f.hosts}
	for name, target := range map[string]any{
		"start_time":   &l.startTime,
		"end_time":     &l.endTime,
		"zones":        &l.zones,
		"zone_ids":     &l.zoneIDs,
		f.hosts:        &l.hosts,
		"page_size":    &pageSize,
		"max_packages": &maxPackages,
		"include_urls": &includeURLs,
	} {
		diags.Append(config.GetAttribute(ctx, path.Root(name), target)...)
	}
	m := offlineLogsModel{
		query:       l.decode(ctx, diags),
		includeURLs: includeURLs.IsNull() || includeURLs.ValueBool(),
		timeout:     decodeTimeout(ctx, timeout, readTimeout, diags),
	}
	m.query.PageSize, m.query.MaxPackages = int(pageSize.ValueInt64()), int(maxPackages.ValueInt64())
	return m
}
