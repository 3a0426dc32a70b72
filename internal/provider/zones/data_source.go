// Package zones has data "teo_zones".
package zones

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

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

var (
	_ datasource.DataSource                   = (*dataSource)(nil)
	_ datasource.DataSourceWithConfigure      = (*dataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*dataSource)(nil)
)

func NewDataSource() datasource.DataSource { return &dataSource{} }

// dataSource is data "teo_zones".
type dataSource struct{ session *query.Session }

type zonesModel struct {
	Names    types.Set      `tfsdk:"names"`
	ZoneIDs  types.Set      `tfsdk:"zone_ids"`
	Timeouts timeouts.Value `tfsdk:"timeouts"`
	Zones    []zoneModel    `tfsdk:"zones"`
}

type zoneModel struct {
	ZoneID        types.String            `tfsdk:"zone_id"`
	ZoneName      types.String            `tfsdk:"zone_name"`
	AliasZoneName types.String            `tfsdk:"alias_zone_name"`
	Area          types.String            `tfsdk:"area"`
	Type          types.String            `tfsdk:"type"`
	Status        types.String            `tfsdk:"status"`
	ActiveStatus  types.String            `tfsdk:"active_status"`
	Paused        types.Bool              `tfsdk:"paused"`
	Tags          map[string]types.String `tfsdk:"tags"`
}

func newZoneModel(z teo.Zone) zoneModel {
	m := zoneModel{
		ZoneID:        query.StringOrNull(z.ID),
		ZoneName:      query.StringOrNull(z.Name),
		AliasZoneName: query.StringOrNull(z.AliasName),
		Area:          query.StringOrNull(z.Area),
		Type:          query.StringOrNull(z.Type),
		Status:        query.StringOrNull(z.Status),
		ActiveStatus:  query.StringOrNull(z.ActiveStatus),
		Paused:        types.BoolPointerValue(z.Paused),
		Tags:          make(map[string]types.String, len(z.Tags)),
	}
	for _, tag := range z.Tags {
		m.Tags[tag.Key] = types.StringValue(tag.Value)
	}
	return m
}

func (d *dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_zones"
}

func (d *dataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the zones (sites) of the account that the provider's credentials can access. The zones in `names` and in `zone_ids` add up. If neither is set, every zone is listed.",
		Attributes: map[string]schema.Attribute{
			"names":    schema.SetAttribute{MarkdownDescription: "Names of sites (`example.com`). " + query.NamesText + " A name without a zone causes a warning.", Optional: true, ElementType: types.StringType},
			"zone_ids": schema.SetAttribute{MarkdownDescription: "IDs of zones (`zone-27q0p0bali16`). An ID without a zone causes a warning.", Optional: true, ElementType: types.StringType},
			"timeouts": timeouts.AttributesWithOpts(ctx, timeouts.Opts{ReadDescription: fmt.Sprintf(query.TimeoutText, "reading the zones", query.ShortDuration(query.ReadTimeout))}),
			"zones": schema.ListNestedAttribute{
				MarkdownDescription: "The zones, sorted by name and ID.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"zone_id":         schema.StringAttribute{MarkdownDescription: "ID of the zone, such as `zone-27q0p0bali16`.", Computed: true},
					"zone_name":       schema.StringAttribute{MarkdownDescription: "Name of the site. Two zones can have the same name.", Computed: true},
					"alias_zone_name": schema.StringAttribute{MarkdownDescription: "Alias that distinguishes zones with the same name.", Computed: true},
					"area":            schema.StringAttribute{MarkdownDescription: "Acceleration area: `global`, `mainland` or `overseas`.", Computed: true},
					"type":            schema.StringAttribute{MarkdownDescription: "How the site is connected: `full`, `partial`, `noDomainAccess`, `dnsPodAccess`, `pages` or `ai`.", Computed: true},
					"status":          schema.StringAttribute{MarkdownDescription: "Status of the site: `active`, `pending`, `moved`, `deactivated` or `initializing`.", Computed: true},
					"active_status":   schema.StringAttribute{MarkdownDescription: "Status as shown in the console: `active`, `inactive` or `paused`.", Computed: true},
					"paused":          schema.BoolAttribute{MarkdownDescription: "Whether the site is paused.", Computed: true},
					"tags":            schema.MapAttribute{MarkdownDescription: "Tags of the zone.", Computed: true, ElementType: types.StringType},
				}},
			},
		},
	}
}

func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = query.SessionOf[query.Session](req.ProviderData, &resp.Diagnostics)
}

func (d *dataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var m zonesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	m.decode(ctx, &resp.Diagnostics)
}

// decode returns the filters and reports what is wrong with them.
func (m *zonesModel) decode(ctx context.Context, diags *diag.Diagnostics) (names, ids []string) {
	query.DecodeTimeout(ctx, m.Timeouts.Read, query.ReadTimeout, diags)
	return query.DecodeZoneNames(ctx, m.Names, "names", diags), query.DecodeZoneIDs(ctx, m.ZoneIDs, "names", diags)
}

func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m zonesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	names, ids := m.decode(ctx, &resp.Diagnostics)
	timeout, _ := m.Timeouts.Read(ctx, query.ReadTimeout)
	if resp.Diagnostics.HasError() {
		return
	}
	limited, cancel := context.WithTimeoutCause(ctx, timeout, query.TimeoutError(timeout))
	defer cancel()
	zones, err := d.session.TEO.Zones(limited, names, ids)
	if late, ok := errors.AsType[query.TimeoutError](query.LateFor(err, timeout)); ok {
		resp.Diagnostics.Append(query.TimedOut("zones", "The list of zones", late, ""))
		return
	}
	if err != nil {
		resp.Diagnostics.Append(query.Failed("Unable to read zones", "The list of zones", err))
		return
	}
	warnMissing(&resp.Diagnostics, "names", names, zones, func(z teo.Zone) string { return teo.DNSName(z.Name) })
	warnMissing(&resp.Diagnostics, "zone_ids", ids, zones, func(z teo.Zone) string { return z.ID })
	m.Zones = make([]zoneModel, len(zones))
	for i, zone := range zones {
		m.Zones[i] = newZoneModel(zone)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// warnMissing warns about values of a filter that no zone has.
func warnMissing(diags *diag.Diagnostics, attribute string, wanted []string, zones []teo.Zone, of func(teo.Zone) string) {
	var absent []string
	for _, value := range wanted {
		if !slices.ContainsFunc(zones, func(z teo.Zone) bool { return of(z) == value }) {
			absent = append(absent, value)
		}
	}
	if len(absent) > 0 {
		slices.Sort(absent)
		diags.AddAttributeWarning(path.Root(attribute), "Zones not found",
			fmt.Sprintf("The credentials can access no zone with these %s: %s.", attribute, strings.Join(absent, ", ")))
	}
}
