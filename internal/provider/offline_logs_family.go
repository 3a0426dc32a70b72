package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// family is what differs between the offline logs of layer 7 and of layer 4;
// everything else is the same for both, and for data source and ephemeral
// resource.
type family struct {
	layer  teo.Layer
	name   string // of the type, after the provider's name
	title  string // in texts
	action string // that CAM has to allow

	// inventory leaves the URLs out, as a column and as an argument. Terraform
	// marks each sensitive value of a list by comparing its path with all
	// others, so a list of n rows with URLs costs it n x n steps.
	inventory bool

	hosts, host         string // attributes: what narrows the list, what a row is of
	hostsText, hostText string // their descriptions

	list func(*teo.Client, context.Context, teo.Query) (*teo.Listing, error)
}

// withoutURLs is the family of the inventory: the same list, without URLs.
func (f family) withoutURLs() family {
	f.inventory = true
	f.name = string(f.layer) + "_offline_log_inventory"
	return f
}

// read lists the packages and makes the state, or the ephemeral result, of the
// configuration.
func (f family) read(ctx context.Context, s *session, config tfsdk.Config, timeout time.Duration, diags *diag.Diagnostics) (tftypes.Value, bool) {
	m := f.decode(ctx, config, diags)
	q := m.query(ctx, diags)
	if f.layer == teo.L7 {
		s.checkZoneIDs(q, diags)
	}
	if diags.HasError() {
		return tftypes.Value{}, false
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, timeoutError(timeout))
	defer cancel()

	listing, err := f.list(s.teo, ctx, q)
	if err != nil {
		diags.Append(f.readError(q, lateFor(err, timeout)))
		return tftypes.Value{}, false
	}
	diags.Append(f.warnings(s.now(), q, listing)...)
	if !m.includeURLs.IsNull() && !m.includeURLs.ValueBool() {
		for i := range listing.Packages {
			listing.Packages[i].URL = ""
		}
	}
	value, err := results(ctx, config, map[string]tftypes.Value{
		"logs":        f.columns().list(listing.Packages),
		"total_count": tftypes.NewValue(tftypes.Number, listing.TotalCount),
		"total_bytes": tftypes.NewValue(tftypes.Number, listing.TotalBytes),
		"pages":       tftypes.NewValue(tftypes.Number, listing.Pages),
		"page_size":   tftypes.NewValue(tftypes.Number, listing.PageSize),
		"api_version": tftypes.NewValue(tftypes.String, listing.APIVersion),
		"request_id":  tftypes.NewValue(tftypes.String, orNull(listing.RequestID)),
	})
	if err != nil {
		diags.AddError("Unable to hold "+f.title+" in the state", "This is a bug of the provider: "+err.Error())
		return tftypes.Value{}, false
	}
	return value, true
}
