package offlinelogs

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	ephemeraltimeouts "github.com/hashicorp/terraform-plugin-framework-timeouts/ephemeral/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

func (f family) dataSourceSchema(ctx context.Context) datasourceschema.Schema {
	attributes := f.attributes()
	attributes["timeouts"] = timeouts.AttributesWithOpts(ctx, timeouts.Opts{ReadDescription: fmt.Sprintf(query.TimeoutText, "reading the list", query.ShortDuration(query.ReadTimeout))})
	return datasourceschema.Schema{
		MarkdownDescription: fmt.Sprintf("Lists the %s of a window: one package for each %s, area and slot of an hour or a quarter of an hour. An incomplete list is an error.\n\n"+
			"The signed URLs are in the map `urls`, beside the rows. The map is sensitive and is stored in the state. To list packages without URLs, set `include_urls = false`. "+
			"To use URLs without storing them, use the ephemeral resource `teo_%s`.", f.Title, f.host, f.Name),
		Attributes: attributes,
	}
}

// ephemeralSchema has the attributes of the data source. Only the timeout has
// another name, open.
func (f family) ephemeralSchema(ctx context.Context) ephemeralschema.Schema {
	attributes := ephemeralAttributes(f.attributes())
	attributes["timeouts"] = ephemeraltimeouts.AttributesWithOpts(ctx, ephemeraltimeouts.Opts{OpenDescription: fmt.Sprintf(query.TimeoutText, "reading the list", query.ShortDuration(query.ReadTimeout))})
	return ephemeralschema.Schema{
		MarkdownDescription: fmt.Sprintf("Lists the %s of a window with their signed URLs. Neither the plan nor the state contains them. "+
			"There is one package for each %s, area and slot of an hour or a quarter of an hour. An incomplete list is an error.", f.Title, f.host),
		Attributes: attributes,
	}
}

// attributes are those of the data source and the ephemeral resource.
func (f family) attributes() map[string]datasourceschema.Attribute {
	return map[string]datasourceschema.Attribute{
		"start_time": datasourceschema.StringAttribute{MarkdownDescription: query.StartTimeText, Required: true},
		"end_time":   datasourceschema.StringAttribute{MarkdownDescription: query.EndTimeText, Required: true},
		"zones":      datasourceschema.SetAttribute{MarkdownDescription: f.ZonesText(), Optional: true, ElementType: types.StringType},
		"zone_ids":   datasourceschema.SetAttribute{MarkdownDescription: f.ZoneIDsText(), Optional: true, ElementType: types.StringType},
		f.Hosts:      datasourceschema.SetAttribute{MarkdownDescription: f.HostsText, Optional: true, ElementType: types.StringType},
		"page_size": datasourceschema.Int64Attribute{
			CustomType:          query.WholeNumber{},
			MarkdownDescription: fmt.Sprintf("Page size of the requests, from 1 to %d. Default: %d. After the read, the page size that the service applied, which can be smaller.", teo.MaxPageSize, teo.DefaultPageSize),
			Optional:            true, Computed: true,
			Validators: []validator.Int64{int64validator.Between(1, teo.MaxPageSize)},
		},
		"max_packages": datasourceschema.Int64Attribute{
			CustomType:          query.WholeNumber{},
			MarkdownDescription: fmt.Sprintf("Maximum number of packages. Default: %d. A longer list is an error, which is usually reported after the first page.", teo.DefaultMaxPackages),
			Optional:            true,
			Validators:          []validator.Int64{int64validator.AtLeast(1)},
		},
		"include_urls": datasourceschema.BoolAttribute{MarkdownDescription: "Whether to return the signed URLs. Default: `true`. If `false`, `urls` is null.", Optional: true},
		"logs": datasourceschema.ListNestedAttribute{
			MarkdownDescription: fmt.Sprintf("The log packages, sorted by start, `%s`, area and name. They contain no secrets.", f.host),
			Computed:            true,
			NestedObject:        datasourceschema.NestedAttributeObject{Attributes: f.rowAttributes()},
		},
		"urls": datasourceschema.MapAttribute{
			MarkdownDescription: "Signed URL of each package, by `key`. Until it expires, anyone who has a URL can download the package. URLs change on every read. Null if `include_urls` is false.",
			Computed:            true, Sensitive: true, ElementType: types.StringType,
		},
		"total_count": datasourceschema.Int64Attribute{
			MarkdownDescription: "Number of entries as counted by the service. The list is checked against it. It is larger than the length of `logs` only if the service lists packages twice.", Computed: true,
		},
		"total_bytes": datasourceschema.Int64Attribute{MarkdownDescription: "Sum of the sizes, in bytes.", Computed: true},
		"pages":       datasourceschema.Int64Attribute{MarkdownDescription: "Number of pages with entries.", Computed: true},
		"api_version": datasourceschema.StringAttribute{MarkdownDescription: "Version of the API that returned the list.", Computed: true},
		"request_id": datasourceschema.StringAttribute{
			MarkdownDescription: "ID of the request for the last page, for Tencent Cloud's support. It changes on every read, so an output with it changes in every plan.", Computed: true,
		},
	}
}

// rowAttributes are those of a package; logRows encodes their values.
func (f family) rowAttributes() map[string]datasourceschema.Attribute {
	return map[string]datasourceschema.Attribute{
		"key": datasourceschema.StringAttribute{
			MarkdownDescription: fmt.Sprintf("`<%s>/<area>/<log_packet_name>`: unique within the list, the same on every read, and the key of the package in `urls`. A missing area is `unknown`. "+
				"Packages that would share a key get a suffix made of their URL path (`~` and 8 hex digits).", f.host),
			Computed: true,
		},
		f.host: datasourceschema.StringAttribute{MarkdownDescription: f.hostText, Computed: true},
		"area": datasourceschema.StringAttribute{
			MarkdownDescription: "Area of the service: `mainland` (of China) or `overseas`. Null if the service does not return it, which can happen with API version 2022-01-06.", Computed: true,
		},
		"log_packet_name": datasourceschema.StringAttribute{
			MarkdownDescription: fmt.Sprintf("Name of the log package, such as `20220811-02-%[1]s` (02:00 to 03:00 UTC) or `20230725-2315-%[1]s` (a quarter of an hour). Packages of two areas can have the same name.", f.example), Computed: true,
		},
		"log_time": datasourceschema.Int64Attribute{
			MarkdownDescription: "Time of packaging in Unix seconds, as the service returns it. It is deprecated by the service and can be wrong. Use `log_start_time`.", Computed: true,
		},
		"log_start_time": datasourceschema.StringAttribute{
			MarkdownDescription: "Start of the slot, RFC 3339 in UTC. Derived from `log_packet_name` if the service does not return it.", Computed: true,
		},
		"log_end_time": datasourceschema.StringAttribute{
			MarkdownDescription: "End of the slot, RFC 3339 in UTC, as the service returns it: exclusive for an hour, the last second for a quarter of an hour. Derived from `log_packet_name` (exclusive) if the service does not return it.", Computed: true,
		},
		"size": datasourceschema.Int64Attribute{
			MarkdownDescription: "Size of the log in bytes (layer 7: before compression). It grows for about a day, while lines are still appended.", Computed: true,
		},
	}
}
