package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// family holds the differences between the offline logs of layer 7 and of layer 4.
// Everything else is the same for both layers, and for data source and ephemeral
// resource.
type family struct {
	layer  teo.Layer
	name   string // of the type, after the provider's name
	title  string // in texts
	action string // CAM action

	hosts, host         string // attributes: the filter, and the host of a row
	hostsText, hostText string // their descriptions
	example             string // a host, in descriptions
	sizeText            string // what the size of a package is

	list func(*teo.Client, context.Context, teo.Query) (*teo.Listing, error)
}

// l7Family is data "teo_l7_offline_logs" and ephemeral "teo_l7_offline_logs".
var l7Family = family{
	layer: teo.L7, name: "l7_offline_logs", title: "L7 offline logs", action: "DownloadL7Logs",
	hosts: "domains", host: "domain",
	hostsText: "Sub-domains to list, such as `www.example.com`. The name of a site (`example.com`) matches only if the site serves that name. Default: all sub-domains.",
	hostText:  "Sub-domain of the log.",
	example:   "www.example.com",
	sizeText:  " before compression",
	list:      (*teo.Client).L7Logs,
}

// l4Family is data "teo_l4_offline_logs" and ephemeral "teo_l4_offline_logs".
var l4Family = family{
	layer: teo.L4, name: "l4_offline_logs", title: "L4 offline logs", action: "DownloadL4Logs",
	hosts: "proxy_ids", host: "proxy_id",
	hostsText: "IDs of layer-4 proxy instances, such as `sid-xs82kshs`. Default: all instances.",
	hostText:  "Layer-4 proxy instance of the log.",
	example:   "sid-xs82kshs",
	list:      (*teo.Client).L4Logs,
}

// attributeSetter is the state of a data source or the result of an ephemeral
// resource.
type attributeSetter interface {
	SetAttribute(ctx context.Context, at path.Path, value any) diag.Diagnostics
}

// read lists the packages of a configuration and sets the computed attributes.
// listServer sets the rows and URLs.
func (f family) read(ctx context.Context, s *session, m offlineLogsModel, to attributeSetter, diags *diag.Diagnostics) {
	if f.layer == teo.L7 {
		s.checkZoneIDs(m.query, diags)
	}
	if diags.HasError() {
		return
	}
	limited, cancel := context.WithTimeoutCause(ctx, m.timeout, timeoutError(m.timeout))
	defer cancel()
	listing, err := f.list(s.teo, limited, m.query)
	if err != nil {
		diags.Append(f.readError(m.query, lateFor(err, m.timeout)))
		return
	}
	diags.Append(f.warnings(s.now(), m.query, listing)...)
	for name, value := range map[string]any{
		"total_count": types.Int64Value(listing.TotalCount),
		"total_bytes": types.Int64Value(listing.TotalBytes),
		"pages":       types.Int64Value(int64(listing.Pages)),
		"page_size":   types.Int64Value(int64(listing.PageSize)),
		"api_version": types.StringValue(listing.APIVersion),
		"request_id":  stringOrNull(listing.RequestID),
	} {
		diags.Append(to.SetAttribute(ctx, path.Root(name), value)...)
	}
	rows := logRows{host: f.host, packages: listing.Packages, keys: teo.Keys(listing.Packages)}
	diags.Append(setEncoded(ctx, "logs", rows.size(), rows.encodeLogs)...)
	if m.includeURLs {
		diags.Append(setEncoded(ctx, "urls", rows.sizeOfURLs(), rows.encodeURLs)...)
	}
}

// stringOrNull is null for an empty string.
func stringOrNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
