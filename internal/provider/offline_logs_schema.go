package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	ephemeraltimeouts "github.com/hashicorp/terraform-plugin-framework-timeouts/ephemeral/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Descriptions of the arguments, which data sources, ephemeral resources and
// the archive share.
const (
	startTimeText = "Start of the window, RFC 3339 with an offset (`2022-05-04T00:00:00Z`). Fractions of a second widen the window to whole seconds."
	endTimeText   = "End of the window, RFC 3339 with an offset; after `start_time`."
	zonesText     = "Names of the sites (`example.com`). With API version 2022-09-01 they are looked up; a name that several zones bear takes all of them, an unknown one is an error, while 2022-01-06 lists nothing for it. Every zone of the account if neither `zones` nor `zone_ids` has elements."
	includeText   = "Whether to keep the signed URLs; false leaves `url` null (and makes Terraform no faster: an inventory does)."
	logsText      = "The log packages, in order of start, %s, area and name."
	totalText     = "Number of entries by the service's own count (`TotalSize`), with which the list agrees. It can be larger than the length of `logs` only where the service lists packages twice."
	bytesText     = "Sum of the sizes, in bytes."
	pagesText     = "Number of pages that held entries."
	versionText   = "Version of the API that answered."
	requestText   = "ID of the last page's request, for Tencent Cloud's support. It is another one at each read: in an output, it makes every plan show a change."
)

var (
	zoneIDsText  = "IDs of the zones (`zone-27q0p0bali16`). They need API version 2022-09-01."
	pageSizeText = fmt.Sprintf("Entries to ask for at once, 1 to %d, by default %d; afterwards the number that the service kept to, which can be smaller.", teo.MaxPageSize, teo.DefaultPageSize)
	maxText      = fmt.Sprintf("Most packages that the list may have, by default %d; a longer one is an error after the first page.", teo.DefaultMaxPackages)
)

var (
	// names are not empty; the set may be, which is the same as none.
	names     = []validator.Set{setvalidator.NoNullValues(), setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))}
	pageSizes = []validator.Int64{int64validator.Between(1, teo.MaxPageSize)}
	positive  = []validator.Int64{int64validator.AtLeast(1)}
)

func (f family) dataSourceSchema(ctx context.Context) datasourceschema.Schema {
	attributes := map[string]datasourceschema.Attribute{
		"start_time":   datasourceschema.StringAttribute{MarkdownDescription: startTimeText, Required: true, CustomType: timetypes.RFC3339Type{}},
		"end_time":     datasourceschema.StringAttribute{MarkdownDescription: endTimeText, Required: true, CustomType: timetypes.RFC3339Type{}},
		"zones":        datasourceschema.SetAttribute{MarkdownDescription: zonesText, Optional: true, ElementType: types.StringType, Validators: names},
		"zone_ids":     datasourceschema.SetAttribute{MarkdownDescription: zoneIDsText, Optional: true, ElementType: types.StringType, Validators: names},
		f.hosts:        datasourceschema.SetAttribute{MarkdownDescription: f.hostsText, Optional: true, ElementType: types.StringType, Validators: names},
		"page_size":    datasourceschema.Int64Attribute{MarkdownDescription: pageSizeText, Optional: true, Computed: true, Validators: pageSizes},
		"max_packages": datasourceschema.Int64Attribute{MarkdownDescription: maxText, Optional: true, Validators: positive},
		"include_urls": datasourceschema.BoolAttribute{MarkdownDescription: includeText + " By default true.", Optional: true},
		"timeouts":     timeouts.Attributes(ctx),
		"logs":         f.columns().dataSourceAttribute(fmt.Sprintf(logsText, f.host)),
		"total_count":  datasourceschema.Int64Attribute{MarkdownDescription: totalText, Computed: true},
		"total_bytes":  datasourceschema.Int64Attribute{MarkdownDescription: bytesText, Computed: true},
		"pages":        datasourceschema.Int64Attribute{MarkdownDescription: pagesText, Computed: true},
		"api_version":  datasourceschema.StringAttribute{MarkdownDescription: versionText, Computed: true},
		"request_id":   datasourceschema.StringAttribute{MarkdownDescription: requestText, Computed: true},
	}
	if f.inventory {
		delete(attributes, "include_urls")
	}
	return datasourceschema.Schema{MarkdownDescription: f.dataSourceText(), Attributes: attributes}
}

// ephemeralSchema has the attributes of the data source; only the timeouts are
// those of opening.
func (f family) ephemeralSchema(ctx context.Context) ephemeralschema.Schema {
	attributes := map[string]ephemeralschema.Attribute{
		"start_time":   ephemeralschema.StringAttribute{MarkdownDescription: startTimeText, Required: true, CustomType: timetypes.RFC3339Type{}},
		"end_time":     ephemeralschema.StringAttribute{MarkdownDescription: endTimeText, Required: true, CustomType: timetypes.RFC3339Type{}},
		"zones":        ephemeralschema.SetAttribute{MarkdownDescription: zonesText, Optional: true, ElementType: types.StringType, Validators: names},
		"zone_ids":     ephemeralschema.SetAttribute{MarkdownDescription: zoneIDsText, Optional: true, ElementType: types.StringType, Validators: names},
		f.hosts:        ephemeralschema.SetAttribute{MarkdownDescription: f.hostsText, Optional: true, ElementType: types.StringType, Validators: names},
		"page_size":    ephemeralschema.Int64Attribute{MarkdownDescription: pageSizeText, Optional: true, Computed: true, Validators: pageSizes},
		"max_packages": ephemeralschema.Int64Attribute{MarkdownDescription: maxText, Optional: true, Validators: positive},
		"include_urls": ephemeralschema.BoolAttribute{MarkdownDescription: includeText + " By default true.", Optional: true},
		"timeouts":     ephemeraltimeouts.Attributes(ctx),
		"logs":         f.columns().ephemeralAttribute(fmt.Sprintf(logsText, f.host)),
		"total_count":  ephemeralschema.Int64Attribute{MarkdownDescription: totalText, Computed: true},
		"total_bytes":  ephemeralschema.Int64Attribute{MarkdownDescription: bytesText, Computed: true},
		"pages":        ephemeralschema.Int64Attribute{MarkdownDescription: pagesText, Computed: true},
		"api_version":  ephemeralschema.StringAttribute{MarkdownDescription: versionText, Computed: true},
		"request_id":   ephemeralschema.StringAttribute{MarkdownDescription: requestText, Computed: true},
	}
	return ephemeralschema.Schema{MarkdownDescription: f.ephemeralText(), Attributes: attributes}
}

// dataSourceText and ephemeralText describe the two.
func (f family) dataSourceText() string {
	text := fmt.Sprintf("Lists the %s of a window: one package for each %s, area and slot. All pages are read; the state holds the whole list, or there is an error.\n\n", f.title, f.host)
	if f.inventory {
		return text + fmt.Sprintf("This is `teo_%s_offline_logs` without the signed URLs, for lists of thousands of packages: nothing secret gets into the state, "+
			"and Terraform's time grows in step with the list, while for a list with sensitive URLs it grows with the square.", f.layer)
	}
	return text + fmt.Sprintf("The signed URLs become part of the state (sensitive): use `include_urls = false`, or the ephemeral resource `teo_%s`, to keep them out. "+
		"For more than about two thousand packages use that, or `teo_%s` where no URLs are wanted: the time that Terraform takes over the sensitive values of a data source grows with the square of their number.", f.name, f.withoutURLs().name)
}

func (f family) ephemeralText() string {
	return fmt.Sprintf("Lists the %s of a window with their signed URLs, for this run only: nothing of it is kept in a plan or in the state. "+
		"There is one package for each %s, area and slot. All pages are read; the result holds the whole list, or there is an error.", f.title, f.host)
}
