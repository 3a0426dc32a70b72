package provider

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
	stableAfter = 24 * time.Hour       // they grow for about 24 hours
	keptAtLeast = 31 * 24 * time.Hour  // they are kept for 31 days
	keptAtMost  = 183 * 24 * time.Hour // Standard and Enterprise plans keep them longer
)

// optInSince is a date. Sites added since then store offline logs only after they
// are enabled in the console.
var optInSince = time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)

// readError explains why a list could not be read, on the attribute to change if
// there is one.
func (f family) readError(q teo.Query, err error) diag.Diagnostic {
	var (
		many       *teo.TooManyError
		unknown    *teo.UnknownZonesError
		incomplete *teo.IncompleteError
		late       timeoutError
	)
	asked := f.asked(q)
	switch {
	case errors.As(err, &many) && many.Action == f.action:
		count := fmt.Sprintf("has %d packages", many.Total)
		if many.AtLeast {
			count = fmt.Sprintf("has at least %d packages", many.Total)
		}
		return diag.NewAttributeErrorDiagnostic(path.Root("max_packages"), "Too many "+f.title,
			fmt.Sprintf("%s %s, and max_packages is %d.\n\n"+
				"Narrow the window, the zones or %s, split the window with provider::teo::windows and for_each, or raise max_packages.",
				asked, count, many.Most, f.hosts))
	case errors.As(err, &unknown):
		return unknownZones(path.Root("zones"), unknown)
	case errors.As(err, &incomplete) && incomplete.Action == f.action:
		return diag.NewErrorDiagnostic("Incomplete "+f.title,
			fmt.Sprintf("%s could not be read completely: %s.\n\n"+
				"An incomplete list is not returned. Try again in a few minutes. If packages are still being added to the window, end it earlier.",
				asked, incomplete.Error()))
	case errors.As(err, &late):
		return timedOut(f.title, asked, late, ", narrow the window, or split it with provider::teo::windows")
	}
	return apiError("Unable to read "+f.title, asked, err)
}

// asked describes the request, as the subject of the first sentence of a detail.
func (f family) asked(q teo.Query) string {
	text := fmt.Sprintf("The list of %s from %s to %s", f.title, q.Start.Format(time.RFC3339), q.End.Format(time.RFC3339))
	var filters []string
	for _, n := range []struct {
		label  string
		values []string
	}{{"zones", q.Zones}, {"zone_ids", q.ZoneIDs}, {f.hosts, q.Hosts}} {
		if len(n.values) > 0 {
			filters = append(filters, n.label+" "+shorten(n.values))
		}
	}
	if len(filters) > 0 {
		text += " (" + strings.Join(filters, "; ") + ")"
	}
	return text
}

// shorten lists at most five values.
func shorten(values []string) string {
	const most = 5
	if len(values) <= most {
		return strings.Join(values, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(values[:most], ", "), len(values)-most)
}

// warnings returns the warnings about a list.
func (f family) warnings(now time.Time, q teo.Query, l *teo.Listing) diag.Diagnostics {
	var diags diag.Diagnostics
	if l.SwitchedVersion != nil {
		diags.Append(switchedVersion(l.SwitchedVersion))
	}
	if len(l.Packages) == 0 {
		diags.AddWarning("No "+f.title+" found", f.emptyDetail(now, q, l))
	}
	if now.Sub(q.End) < stableAfter {
		diags.AddAttributeWarning(path.Root("end_time"), "Log packages may still be added",
			fmt.Sprintf("The window ends at %s, less than 24 hours ago or in the future. EdgeOne shows packages after about 3 hours and appends to them for about 24 hours, "+
				"so a later read can return more and larger packages.", q.End.UTC().Format(time.RFC3339)))
	}
	if l.Nameless > 0 {
		diags.AddWarning("Log packages without a name",
			fmt.Sprintf("%d of %d rows have no log_packet_name (request ID %s). Their key in the list contains a hash of their URL path.", l.Nameless, len(l.Packages), l.RequestID))
	}
	return diags
}

// switchedVersion warns that the provider switched to another API version.
func switchedVersion(over *teo.VersionSwitch) diag.Diagnostic {
	return diag.NewWarningDiagnostic("API version 2022-01-06 is no longer available",
		fmt.Sprintf("The service answered %s (request ID %s). The provider now uses API version 2022-09-01. "+
			"Set api_version = \"2022-09-01\" in the provider block to use it from the start.", over.Code, over.RequestID))
}

// emptyDetail lists the possible causes of an empty list.
func (f family) emptyDetail(now time.Time, q teo.Query, l *teo.Listing) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is empty, which is valid. Possible causes:", f.asked(q))
	for i, cause := range f.emptyCauses(now, q, l.Hints) {
		fmt.Fprintf(&b, "\n  %d. %s", i+1, cause)
	}
	if l.RequestID != "" {
		fmt.Fprintf(&b, "\nRequest ID %s.", l.RequestID)
	}
	return b.String()
}

// emptyCauses are the causes that the window and the filters leave possible, the
// most likely ones first.
func (f family) emptyCauses(now time.Time, q teo.Query, h teo.Hints) []string {
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
		add("None of the given zones contains %s.", strings.Join(h.OtherDomains, ", "))
	}
	if len(h.RootDomains) > 0 {
		add("%s in domains is the name of a site. Set domains to its sub-domains, such as www.%s.", strings.Join(h.RootDomains, ", "), h.RootDomains[0])
	} else if f.layer == teo.L7 && len(q.Hosts) > 0 && !h.Checked {
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
	case startAge < stableAfter:
		add("The window is too recent: packages are shown after about 3 hours, sometimes later.")
	}

	// Causes that cannot be checked.
	add("There was no traffic. An hour without requests has no package.")
	switch {
	case f.layer == teo.L4 && len(q.Hosts) > 0:
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
