package logcoverage

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// defaultMaxHosts bounds the rows of a comparison, and so its requests.
const defaultMaxHosts = 500

// layerTexts are the descriptions that differ between the layers.
var layerTexts = map[teo.Layer]struct{ host, hosts, row, unitNote string }{
	teo.L7: {
		host:  "domain",
		hosts: "Domains to compare, such as `www.example.com` or `*.example.com`. " + query.NamesText + " By default every domain with requests or log packages in the window.",
		row:   "The domain.",
	},
	teo.L4: {
		host:     "layer-4 proxy",
		hosts:    "IDs of the layer-4 proxy instances to compare, such as `sid-xs82kshs`. By default every instance of the zones.",
		row:      "ID of the layer-4 proxy instance.",
		unitNote: " Layer 4 has no requests; the traffic in bytes takes their place.",
	},
}

func (f family) schema(ctx context.Context) schema.Schema {
	texts := layerTexts[f.layer()]
	attributes := map[string]schema.Attribute{
		"start_time": schema.StringAttribute{MarkdownDescription: "Start of the window, RFC 3339 with `Z` or an offset (`2022-05-04T00:00:00Z`). The window is widened to whole UTC hours.", Required: true},
		"end_time":   schema.StringAttribute{MarkdownDescription: "End of the window (exclusive), RFC 3339 with `Z` or an offset, after `start_time`.", Required: true},
		"zones":      schema.SetAttribute{MarkdownDescription: "Names of sites (`example.com`), which are looked up. `zones` and `zone_ids` are combined. Without both, every zone of the account is compared.", Optional: true, ElementType: types.StringType},
		"zone_ids":   schema.SetAttribute{MarkdownDescription: "IDs of zones (`zone-27q0p0bali16`), in addition to those of `zones`.", Optional: true, ElementType: types.StringType},
		f.hosts:      schema.SetAttribute{MarkdownDescription: texts.hosts, Optional: true, ElementType: types.StringType},
		"archive": schema.StringAttribute{
			MarkdownDescription: "`destination` of a log archive, as `teo_l7_log_archive` and `teo_l4_log_archive` describe it. The archived packages are compared instead of those that EdgeOne lists.",
			Optional:            true,
		},
		"stable_after": schema.StringAttribute{
			MarkdownDescription: "How long after its end an hour is classified, such as `24h` (the default). EdgeOne shows packages after about 3 hours and adds to them for about 24. With `archive`, an hour is classified that long after the end of its UTC day, because an archive adds whole days.",
			Optional:            true, CustomType: timetypes.GoDurationType{},
		},
		"min_requests": schema.Int64Attribute{
			CustomType:          query.WholeNumber{},
			MarkdownDescription: fmt.Sprintf("An hour with fewer %s and no log package is quiet, not missing. By default 1.", f.unit) + texts.unitNote,
			Optional:            true, Validators: []validator.Int64{int64validator.AtLeast(1)},
		},
		"max_hosts": schema.Int64Attribute{
			CustomType:          query.WholeNumber{},
			MarkdownDescription: fmt.Sprintf("Maximum number of %s to compare, by default %d. More %[1]s are an error, which is reported before their traffic is requested.", f.noun, defaultMaxHosts),
			Optional:            true, Validators: []validator.Int64{int64validator.AtLeast(1)},
		},
		"timeouts": timeouts.AttributesWithOpts(ctx, timeouts.Opts{ReadDescription: fmt.Sprintf(query.TimeoutText, "the comparison", query.ShortDuration(query.ReadTimeout))}),
		"complete": schema.BoolAttribute{MarkdownDescription: "Whether no hour is missing or unverified. Pending hours do not count: they are not classified yet. Null if there is no host to compare.", Computed: true},
		"total_requests": schema.Int64Attribute{
			MarkdownDescription: fmt.Sprintf("Sum of the counted %s.", f.unit) + texts.unitNote,
			Computed:            true,
		},
		"hosts": schema.ListNestedAttribute{
			MarkdownDescription: fmt.Sprintf("The result for each %s, sorted by `host` and zone. The function `coverage_chart` draws it.", texts.host),
			Computed:            true,
			NestedObject:        schema.NestedAttributeObject{Attributes: f.rowAttributes()},
		},
	}
	maps.Copy(attributes, f.countAttributes(", summed over the rows"))
	return schema.Schema{
		MarkdownDescription: fmt.Sprintf("Compares the %s, or those of an archive, with the traffic that EdgeOne's own analytics counted, hour by hour: "+
			"which hours had traffic but no log package? A list of packages alone cannot distinguish a missing package from an hour without traffic.\n\n"+
			"API version 2022-09-01 is always used. The guide [Completeness](../guides/completeness.md) explains what the comparison shows and what it cannot show.", f.logs.Title),
		Attributes: attributes,
	}
}

// countAttributes are the numbers of hours by status.
func (f family) countAttributes(where string) map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for name, text := range map[string]string{
		"covered_hours":    fmt.Sprintf("Number of hours with %s and a log package (`#`)", f.unit),
		"missing_hours":    fmt.Sprintf("Number of hours with %s, but no log package (`!`)", f.unit),
		"quiet_hours":      fmt.Sprintf("Number of hours with neither %s nor a log package (`.`)", f.unit),
		"pending_hours":    "Number of hours that are too recent to judge (`~`)",
		"uncounted_hours":  fmt.Sprintf("Number of hours with a log package, but no counted %s (`+`)", f.unit),
		"unverified_hours": "Number of hours for which the analytics had no answer (`?`)",
	} {
		attributes[name] = schema.Int64Attribute{MarkdownDescription: text + where + ".", Computed: true}
	}
	return attributes
}

func (f family) rowAttributes() map[string]schema.Attribute {
	attributes := f.countAttributes("")
	texts := layerTexts[f.layer()]
	attributes["host"] = schema.StringAttribute{MarkdownDescription: texts.row, Computed: true}
	attributes["zone_id"] = schema.StringAttribute{MarkdownDescription: "ID of its zone. Null for packages of an archive that belong to no zone of the account.", Computed: true}
	attributes["requests"] = schema.Int64Attribute{MarkdownDescription: fmt.Sprintf("Sum of the counted %s.", f.unit) + texts.unitNote, Computed: true}
	attributes["missing"] = schema.ListAttribute{MarkdownDescription: "Start of each missing hour, RFC 3339 in UTC.", Computed: true, ElementType: types.StringType}
	attributes["days"] = schema.MapAttribute{
		MarkdownDescription: "A string of 24 characters for each UTC date, one for each hour: `#` covered, `!` missing, `.` quiet, `~` pending, `+` uncounted, `?` unverified, and a space for an hour outside the window.",
		Computed:            true, ElementType: types.StringType,
	}
	return attributes
}
