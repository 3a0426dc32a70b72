package query

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Documented times in the life of a package.
const (
	shownAfter  = 3 * time.Hour        // packages appear after about 3 hours
	StableAfter = 24 * time.Hour       // they grow for about 24 hours
	keptAtLeast = 31 * 24 * time.Hour  // they are kept for 31 days
	keptAtMost  = 183 * 24 * time.Hour // Standard and Enterprise plans keep them longer
)

// optInSince is a date. Sites added since then store offline logs only after they
// are enabled in the console.
var optInSince = time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)

// ReadError explains why a list could not be read, on the attribute to change if
// there is one.
func (l Logs) ReadError(q teo.Query, err error) diag.Diagnostic {
	var (
		many       *teo.TooManyError
		unknown    *teo.UnknownZonesError
		incomplete *teo.IncompleteError
		late       TimeoutError
	)
	asked := l.asked(q)
	switch {
	case errors.As(err, &many) && many.Action == l.Action:
		count := fmt.Sprintf("has %d packages", many.Total)
		if many.AtLeast {
			count = fmt.Sprintf("has at least %d packages", many.Total)
		}
		return diag.NewAttributeErrorDiagnostic(path.Root("max_packages"), "Too many "+l.Title,
			fmt.Sprintf("%s %s, and max_packages is %d.\n\n"+
				"Narrow the window, the zones or %s, split the window with provider::teo::windows and for_each, or raise max_packages.",
				asked, count, many.Most, l.Hosts))
	case errors.As(err, &unknown):
		return UnknownZones(path.Root("zones"), unknown)
	case errors.As(err, &incomplete) && incomplete.Action == l.Action:
		return diag.NewErrorDiagnostic("Incomplete "+l.Title,
			fmt.Sprintf("%s could not be read completely: %s.\n\n"+
				"An incomplete list is not returned. Try again in a few minutes. If packages are still being added to the window, end it earlier.",
				asked, incomplete.Error()))
	case errors.As(err, &late):
		return TimedOut(l.Title, asked, late, ", narrow the window, or split it with provider::teo::windows")
	}
	return Failed("Unable to read "+l.Title, asked, err)
}

// asked describes the request, as the subject of the first sentence of a detail.
func (l Logs) asked(q teo.Query) string {
	text := fmt.Sprintf("The list of %s from %s", l.Title, q.Start.Format(time.RFC3339))
	if !q.End.IsZero() { // an open archive has no end
		text += " to " + q.End.Format(time.RFC3339)
	}
	if filters := l.filters(q); filters != "" {
		text += " (" + filters + ")"
	}
	return text
}

// filters names the zones and hosts of a query.
func (l Logs) filters(q teo.Query) string {
	var filters []string
	for _, n := range []struct {
		label  string
		values []string
	}{{"zones", q.Zones}, {"zone_ids", q.ZoneIDs}, {l.Hosts, q.Hosts}} {
		if len(n.values) > 0 {
			filters = append(filters, n.label+" "+Shorten(n.values))
		}
	}
	return strings.Join(filters, "; ")
}

// EmptyDetail lists the possible causes of an empty list.
func (l Logs) EmptyDetail(now time.Time, q teo.Query, requestID string, h teo.Hints) string {
	return l.asked(q) + " is empty, which is valid." + possibleCauses(l.emptyCauses(now, q, h), requestID)
}

// Gaps is the warning about parts of a query that a list has no package of, on the
// first attribute that names one. The list itself is not empty.
func (l Logs) Gaps(now time.Time, q teo.Query, listing *teo.Listing, g teo.Gaps) diag.Diagnostic {
	at := "zone_ids"
	switch {
	case len(g.Hosts) > 0:
		at = l.Hosts
	case len(g.Zones) > 0:
		at = "zones"
	}
	without := teo.Query{Zones: g.Zones, ZoneIDs: g.ZoneIDs, Hosts: g.Hosts}
	detail := fmt.Sprintf("%s has %s, but none of these: %s.", l.asked(q), printable.Count(len(listing.Packages), "package"), l.filters(without))
	// 2022-01-06 is asked by name, whether or not the account has the zone.
	zonesExist := len(g.Zones) == 0 || listing.APIVersion == teo.Version20220901
	q.Hosts = g.Hosts
	return diag.NewAttributeWarningDiagnostic(path.Root(at), "No "+l.Title+" of some zones or "+l.Hosts,
		detail+possibleCauses(append(l.filterCauses(q, teo.Hints{}, zonesExist), otherCauses(now, q)...), listing.RequestID))
}

// possibleCauses continues a detail.
func possibleCauses(causes []string, requestID string) string {
	var b strings.Builder
	b.WriteString(" Possible causes:")
	for i, cause := range causes {
		fmt.Fprintf(&b, "\n  %d. %s", i+1, cause)
	}
	if requestID != "" {
		fmt.Fprintf(&b, "\nRequest ID %s.", requestID)
	}
	return b.String()
}

// emptyCauses are the causes that the window and the filters leave possible, the
// most likely ones first.
func (l Logs) emptyCauses(now time.Time, q teo.Query, h teo.Hints) []string {
	return append(l.filterCauses(q, h, h.Checked), otherCauses(now, q)...)
}

// otherCauses are those that are not filters.
func otherCauses(now time.Time, q teo.Query) []string {
	var causes []string
	add := func(format string, values ...any) { causes = append(causes, fmt.Sprintf(format, values...)) }

	// The window.
	age := now.Sub(q.End)
	switch startAge := now.Sub(q.Start); {
	case age > keptAtMost:
		add("The window ended %d days ago, and logs are kept for at most 183 days.", int(age.Hours()/24))
	case age > keptAtLeast:
		add("The window ended %d days ago. Logs are kept for 31 days, or for up to 183 days on Standard and Enterprise plans.", int(age.Hours()/24))
	case startAge < 0:
		add("The window is in the future.")
	case startAge < shownAfter:
		add("The window is too recent: it starts less than 3 hours ago, and packages are shown after about 3 hours.")
	case startAge < StableAfter:
		add("The window is too recent: packages are shown after about 3 hours, sometimes later.")
	}

	// Causes that cannot be checked.
	add("There was no traffic. An hour without requests has no package.")
	if len(q.Zones)+len(q.ZoneIDs)+len(q.Hosts) == 0 {
		add("The zone belongs to another account. Data \"teo_zones\" lists the zones that the credentials can access.")
	}
	if q.End.After(optInSince) {
		add("Offline logs are not enabled. Sites added after 2026-01-20 store offline logs only after you enable them in the console.")
	}
	return causes
}

// filterCauses are the filters that cannot match, or those that may not if they were
// not looked up. zonesExist means that the account has the zones that h does not
// name.
func (l Logs) filterCauses(q teo.Query, h teo.Hints, zonesExist bool) []string {
	var causes []string
	add := func(format string, values ...any) { causes = append(causes, fmt.Sprintf(format, values...)) }
	noZone, outside := "No zone of the account", "in no zone of the account"
	if len(q.Zones)+len(q.ZoneIDs) > 0 {
		noZone, outside = "None of the given zones", "in none of the given zones"
	}
	if len(h.UnknownZones) > 0 {
		add("No zone of the account is named %s. See data \"teo_zones\".", strings.Join(h.UnknownZones, ", "))
	}
	if len(h.UnknownZoneIDs) > 0 {
		add("No zone of the account has the ID %s. See data \"teo_zones\".", strings.Join(h.UnknownZoneIDs, ", "))
	}
	if len(h.OtherDomains) > 0 {
		add("%s contains %s.", noZone, strings.Join(h.OtherDomains, ", "))
	}
	if len(h.RootDomains) > 0 {
		add("%s in domains is the name of a site. Set domains to its sub-domains, such as www.%s.", strings.Join(h.RootDomains, ", "), h.RootDomains[0])
	}
	if len(h.OtherProxies) > 0 {
		add("%s has the layer-4 proxy %s.", noZone, strings.Join(h.OtherProxies, ", "))
	}
	switch {
	case len(q.Hosts) == 0 || len(causes) > 0:
	case h.Checked && l.Layer == teo.L7:
		add("domains names no sub-domain as it is served. Leave domains out, and compare with the domain of the rows.")
	case h.Checked:
	case l.Layer == teo.L7:
		add("domains contains a name that is %s, or the name of a site (example.com) instead of a sub-domain (www.example.com).", outside)
	default:
		add("proxy_ids contains an instance that is %s.", outside)
	}
	if !zonesExist && len(q.Zones)+len(q.ZoneIDs) > 0 {
		add("The zones do not exist in this account. Compare with data \"teo_zones\".")
	}
	return causes
}
