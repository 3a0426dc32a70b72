package query

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Arguments are the arguments that select log packages. Data sources, ephemeral
// resources and archives have them in common and decode them here, for validation
// and for reading alike.
type Arguments struct {
	StartTime, EndTime types.String
	Zones, ZoneIDs     types.Set
	Hosts              types.Set

	HostsName string // attribute of hosts: domains or proxy_ids
}

// Decode returns the query and reports what is wrong with its arguments, each on
// its attribute. Null and unknown arguments are zero in the query.
func (l Arguments) Decode(ctx context.Context, diags *diag.Diagnostics) teo.Query {
	start := decodeTime(l.StartTime, path.Root("start_time"), diags)
	end := decodeTime(l.EndTime, path.Root("end_time"), diags)
	if !start.IsZero() && !end.IsZero() && !end.After(start) {
		diags.AddAttributeError(path.Root("end_time"), "Invalid window",
			fmt.Sprintf("end_time (%s) must be after start_time (%s). Times with different offsets are compared as instants. "+
				"The end is exclusive: the window of one hour from 02:00 ends at 03:00.", l.EndTime.ValueString(), l.StartTime.ValueString()))
	}
	hosts := decodeTexts(ctx, l.Hosts, path.Root(l.HostsName), diags)
	if l.HostsName == L7.Hosts {
		hosts = teo.DNSNames(hosts)
	}
	return teo.Query{
		Start: start, End: end,
		Zones:   DecodeZoneNames(ctx, l.Zones, "zones", diags),
		ZoneIDs: DecodeZoneIDs(ctx, l.ZoneIDs, "zones", diags),
		Hosts:   hosts,
	}
}

// decodeTime returns the time, or the zero time if it is null, unknown or invalid.
func decodeTime(value types.String, at path.Path, diags *diag.Diagnostics) time.Time {
	if value.IsNull() || value.IsUnknown() {
		return time.Time{}
	}
	t, problem := ParseTime(value.ValueString())
	if problem != "" {
		diags.AddAttributeError(at, "Invalid time", problem)
	}
	return t
}

var (
	isDate      = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	withoutZone = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$`)
)

// ParseTime parses a time in an argument, or returns what is wrong with it.
func ParseTime(text string) (t time.Time, problem string) {
	t, err := time.Parse(time.RFC3339, text)
	if err == nil && t.Year() > 1 {
		return t, ""
	}
	problem = "is not a time in RFC 3339."
	switch {
	case err == nil:
		problem = `is in year 1, because plantimestamp() has no value during "terraform validate" and in "terraform console". Run "terraform plan".`
	case isDate.MatchString(text):
		problem = "is a date without a time."
	case withoutZone.MatchString(text):
		problem = "has no time zone. Add Z for UTC, or an offset such as +08:00."
	}
	return time.Time{}, fmt.Sprintf("%q %s Give a time such as \"2022-05-04T00:00:00Z\" or \"2022-05-04T08:00:00+08:00\".", text, problem)
}

// decodeTexts returns the known elements of a set without surrounding white space.
// Null and empty sets both mean "all".
func decodeTexts(ctx context.Context, set types.Set, at path.Path, diags *diag.Diagnostics) []string {
	if set.IsNull() || set.IsUnknown() {
		return nil
	}
	var elements []types.String
	diags.Append(set.ElementsAs(ctx, &elements, false)...)
	var values []string
	for _, element := range elements {
		value := strings.TrimSpace(element.ValueString())
		switch {
		case element.IsUnknown():
		case element.IsNull():
			diags.AddAttributeError(at, "Null element in a set", fmt.Sprintf("An element of %s is null. Remove it, for example with compact().", at))
		case value == "":
			diags.AddAttributeError(at, "Empty element in a set", fmt.Sprintf("An element of %s is empty. Remove it. To select everything, remove %[1]s.", at))
		default:
			values = append(values, value)
		}
	}
	return values
}

var looksLikeID = regexp.MustCompile(`^zone-[0-9a-z]+$`)

// DecodeZoneNames is decodeTexts for an attribute with names of sites, in the form of
// teo.DNSName. It rejects IDs of zones.
func DecodeZoneNames(ctx context.Context, set types.Set, attribute string, diags *diag.Diagnostics) []string {
	names := decodeTexts(ctx, set, path.Root(attribute), diags)
	for _, name := range names {
		if looksLikeID.MatchString(name) {
			diags.AddAttributeError(path.Root(attribute), "Zone ID instead of a site name",
				fmt.Sprintf("%q looks like the ID of a zone, but %s takes names of sites such as \"example.com\". Put IDs into zone_ids.", name, attribute))
		}
	}
	return teo.DNSNames(names)
}

// DecodeZoneIDs is decodeTexts for the attribute zone_ids. It rejects names of
// sites, which belong in another attribute.
func DecodeZoneIDs(ctx context.Context, set types.Set, namesAttribute string, diags *diag.Diagnostics) []string {
	ids := decodeTexts(ctx, set, path.Root("zone_ids"), diags)
	for _, id := range ids {
		if strings.Contains(id, ".") {
			diags.AddAttributeError(path.Root("zone_ids"), "Site name instead of a zone ID",
				fmt.Sprintf("%q looks like the name of a site, but zone_ids takes IDs such as \"zone-27q0p0bali16\". Put names into %s.", id, namesAttribute))
		}
	}
	return ids
}
