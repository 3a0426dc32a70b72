package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

var (
	_ datasource.DataSource              = (*zonesDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*zonesDataSource)(nil)
)

func newZonesDataSource() datasource.DataSource { return &zonesDataSource{} }

// zonesDataSource is data "teo_zones".
type zonesDataSource struct{ session *session }

// zoneColumns are the attributes of a zone.
var zoneColumns = columns[teo.Zone]{
	{
		name: "zone_id", kind: text, description: "ID of the zone, such as `zone-27q0p0bali16`.",
		value: func(z *teo.Zone) any { return orNull(z.ID) },
	},
	{
		name: "zone_name", kind: text, description: "Name of the site. Two zones can bear one name.",
		value: func(z *teo.Zone) any { return orNull(z.Name) },
	},
	{
		name: "alias_zone_name", kind: text, description: "Tells zones of the same name apart.",
		value: func(z *teo.Zone) any { return orNull(z.AliasName) },
	},
	{
		name: "area", kind: text, description: "Area that is accelerated: `global`, `mainland` or `overseas`.",
		value: func(z *teo.Zone) any { return orNull(z.Area) },
	},
	{
		name: "type", kind: text, description: "How the site is connected: `full`, `partial`, `noDomainAccess`, `dnsPodAccess`, `pages` or `ai`.",
		value: func(z *teo.Zone) any { return orNull(z.Type) },
	},
	{
		name: "status", kind: text, description: "Status of the site: `active`, `pending`, `moved`, `deactivated` or `initializing`.",
		value: func(z *teo.Zone) any { return orNull(z.Status) },
	},
	{
		name: "active_status", kind: text, description: "Status as the console shows it: `active`, `inactive` or `paused`.",
		value: func(z *teo.Zone) any { return orNull(z.ActiveStatus) },
	},
	{
		name: "paused", kind: boolean, description: "Whether the site is switched off.",
		value: func(z *teo.Zone) any {
			if z.Paused == nil {
				return nil
			}
			return *z.Paused
		},
	},
	{
		name: "tags", kind: textMap, description: "Tags of the zone.",
		value: func(z *teo.Zone) any {
			tags := map[string]tftypes.Value{}
			for _, tag := range z.Tags {
				tags[tag.Key] = tftypes.NewValue(tftypes.String, tag.Value)
			}
			return tags
		},
	},
}

func (d *zonesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_zones"
}

func (d *zonesDataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the zones (sites) of the account that the keys may see.",
		Attributes: map[string]schema.Attribute{
			"names":    schema.SetAttribute{MarkdownDescription: "Names of sites; a name that no zone bears is warned of. All zones if neither `names` nor `zone_ids` has elements.", Optional: true, ElementType: types.StringType, Validators: names},
			"zone_ids": schema.SetAttribute{MarkdownDescription: "IDs of zones; an ID that no zone has is warned of. With `names` as well, a zone has to be in both.", Optional: true, ElementType: types.StringType, Validators: names},
			"timeouts": timeouts.Attributes(ctx),
			"zones":    zoneColumns.dataSourceAttribute("The zones, in order of name and ID."),
		},
	}
}

func (d *zonesDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

func (d *zonesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var byName, byID types.Set
	var limit timeouts.Value
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("names"), &byName)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("zone_ids"), &byID)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("timeouts"), &limit)...)
	timeout, diags := limit.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	wanted := texts(ctx, byName, &resp.Diagnostics)
	ids := texts(ctx, byID, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, timeoutError(timeout))
	defer cancel()

	zones, err := d.session.teo.Zones(ctx, wanted, ids)
	if late, ok := errors.AsType[timeoutError](lateFor(err, timeout)); ok {
		resp.Diagnostics.Append(timedOut("zones", "The list of zones", late, ""))
		return
	}
	if err != nil {
		resp.Diagnostics.Append(apiError("Unable to read zones", "The list of zones", err, "DescribeZones"))
		return
	}
	missing(&resp.Diagnostics, "names", wanted, zones, func(z teo.Zone) string { return z.Name })
	missing(&resp.Diagnostics, "zone_ids", ids, zones, func(z teo.Zone) string { return z.ID })
	value, err := results(ctx, req.Config, map[string]tftypes.Value{"zones": zoneColumns.list(zones)})
	if err != nil {
		resp.Diagnostics.AddError("Unable to hold zones in the state", "This is a bug of the provider: "+err.Error())
		return
	}
	resp.State.Raw = value
}

// missing warns of what was asked for and did not come.
func missing(diags *diag.Diagnostics, attribute string, wanted []string, zones []teo.Zone, of func(teo.Zone) string) {
	var absent []string
	for _, value := range wanted {
		if !slices.ContainsFunc(zones, func(z teo.Zone) bool { return strings.EqualFold(of(z), value) }) {
			absent = append(absent, value)
		}
	}
	if len(absent) > 0 {
		slices.Sort(absent)
		diags.AddAttributeWarning(path.Root(attribute), "Zones not found",
			fmt.Sprintf("No zone that the keys may see matches %s: %s.", attribute, strings.Join(absent, ", ")))
	}
}
