package offlinelogs

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// attributeSetter is the state of a data source or the result of an ephemeral
// resource.
type attributeSetter interface {
	SetAttribute(ctx context.Context, at path.Path, value any) diag.Diagnostics
}

// read lists the packages of a configuration and sets the computed attributes.
// ListServer sets the rows and URLs.
func (f family) read(ctx context.Context, s *query.Session, m model, to attributeSetter, diags *diag.Diagnostics) {
	if f.Layer == teo.L7 {
		s.CheckZoneIDs(m.query, diags)
	}
	if diags.HasError() {
		return
	}
	limited, cancel := context.WithTimeoutCause(ctx, m.timeout, query.TimeoutError(m.timeout))
	defer cancel()
	listing, err := f.List(s.TEO, limited, m.query)
	if err != nil {
		diags.Append(f.ReadError(m.query, query.LateFor(err, m.timeout)))
		return
	}
	diags.Append(f.warnings(limited, s, m.query, listing)...)
	for name, value := range map[string]any{
		"total_count": types.Int64Value(listing.TotalCount),
		"total_bytes": types.Int64Value(listing.TotalBytes),
		"pages":       types.Int64Value(int64(listing.Pages)),
		"page_size":   types.Int64Value(int64(listing.PageSize)),
		"api_version": types.StringValue(listing.APIVersion),
		"request_id":  query.StringOrNull(listing.RequestID),
	} {
		diags.Append(to.SetAttribute(ctx, path.Root(name), value)...)
	}
	rows := logRows{host: f.host, packages: listing.Packages, keys: teo.Keys(listing.Packages)}
	diags.Append(setEncoded(ctx, "logs", rows.size(), rows.encodeLogs)...)
	if m.includeURLs {
		diags.Append(setEncoded(ctx, "urls", rows.sizeOfURLs(), rows.encodeURLs)...)
	}
}
