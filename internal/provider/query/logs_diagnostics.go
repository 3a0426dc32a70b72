package query

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

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
	text := fmt.Sprintf("The list of %s from %s to %s", l.Title, q.Start.Format(time.RFC3339), q.End.Format(time.RFC3339))
	var filters []string
	for _, n := range []struct {
		label  string
		values []string
	}{{"zones", q.Zones}, {"zone_ids", q.ZoneIDs}, {l.Hosts, q.Hosts}} {
		if len(n.values) > 0 {
			filters = append(filters, n.label+" "+Shorten(n.values))
		}
	}
	if len(filters) > 0 {
		text += " (" + strings.Join(filters, "; ") + ")"
	}
	return text
}

// EmptyDetail lists the possible causes of an empty list.
func (l Logs) EmptyDetail(now time.Time, q teo.Query, listing *teo.Listing) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is empty, which is valid. Possible causes:", l.asked(q))
	for i, cause := range l.emptyCauses(now, q, listing.Hints) {
		fmt.Fprintf(&b, "\n  %d. %s", i+1, cause)
	}
	if listing.RequestID != "" {
		fmt.Fprintf(&b, "\nRequest ID %s.", listing.RequestID)
	}
	return b.String()
}

// emptyCauses are the causes that the window and the filters leave possible, the
// most likely ones first.
func (l Logs) emptyCauses(now time.Time, q teo.Query, h teo.Hints) []string {
	var causes []string
	add := func(format string, values ...any) { causes = append(causes, fmt.Sprintf(format, values...)) }

	// Filters that cannot match.
	if len(h.UnknownZones) > 0 {
		add("No zone of the account is named %s. See data \"teo_zones\".", strings.Join(h.UnknownZones, ", "))
	}
	if len(h.UnknownZoneIDs) > 0 {
		add("No zone of the account has the ID %s. See data \"teo_zones\".", strings.Join(h.UnknownZoneIDs, ", "))
	}
	if len(h.OtherDomains) > 0 {
		of := "None of the given zones contains"
		if len(q.Zones)+len(q.ZoneIDs) == 0 {
			of = "No zone of the account contains"
		}
		add("%s %s.", of, strings.Join(h.OtherDomains, ", "))
	}
	if len(h.RootDomains) > 0 {
		add("%s in domains is the name of a site. Set domains to its sub-domains, such as www.%s.", strings.Join(h.RootDomains, ", "), h.RootDomains[0])
	} else if l.Layer == teo.L7 && len(q.Hosts) > 0 && !h.Checked {
		add("domains contains the name of a site (example.com) instead of a sub-domain (www.example.com).")
	}

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
	switch {
	case l.Layer == teo.L4 && len(q.Hosts) > 0:
		add("The instances in proxy_ids belong to other zones or to another account.")
	case len(q.Zones)+len(q.ZoneIDs) == 0:
		add("The zone belongs to another account. Data \"teo_zones\" lists the zones that the credentials can access.")
	case !h.Checked:
		add("The zones do not exist in this account. Compare with data \"teo_zones\".")
	}
	if q.End.After(optInSince) {
		add("Offline logs are not enabled. Sites added after 2026-01-20 store offline logs only after you enable them in the console.")
	}
	return causes
}
