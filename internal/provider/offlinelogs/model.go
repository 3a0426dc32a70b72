package offlinelogs

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// model is the decoded configuration of offline logs: of either layer,
// and of the data source or the ephemeral resource.
type model struct {
	query       teo.Query
	includeURLs bool
	timeout     time.Duration
}

// decode decodes and validates a configuration. timeout is the method of the
// timeouts library that returns the timeout of the operation.
func (f family) decode(ctx context.Context, config tfsdk.Config, timeout func(context.Context, time.Duration) (time.Duration, diag.Diagnostics), diags *diag.Diagnostics) model {
	var (
		pageSize, maxPackages types.Int64
		includeURLs           types.Bool
	)
	l := query.Arguments{HostsName: f.Hosts}
	for name, target := range map[string]any{
		"start_time":   &l.StartTime,
		"end_time":     &l.EndTime,
		"zones":        &l.Zones,
		"zone_ids":     &l.ZoneIDs,
		f.Hosts:        &l.Hosts,
		"page_size":    &pageSize,
		"max_packages": &maxPackages,
		"include_urls": &includeURLs,
	} {
		diags.Append(config.GetAttribute(ctx, path.Root(name), target)...)
	}
	m := model{
		query:       l.Decode(ctx, diags),
		includeURLs: includeURLs.IsNull() || includeURLs.ValueBool(),
		timeout:     query.DecodeTimeout(ctx, timeout, query.ReadTimeout, diags),
	}
	m.query.PageSize, m.query.MaxPackages = int(pageSize.ValueInt64()), int(maxPackages.ValueInt64())
	return m
}
