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

// settled is the age after which the service adds nothing to packages any more.
const settled = 24 * time.Hour

// keptAtMost is the longest that the service keeps packages.
const keptAtMost = 183 * 24 * time.Hour

// manySensitive is the length of a list from which Terraform's time over
// sensitive values is felt.
const manySensitive = 2000

// readError explains why a list could not be read, on the attribute that is to
// blame where there is one.
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
		counted := fmt.Sprintf("has %d packages, and max_packages allows %d. Nothing was read after the first page", many.Total, many.Most)
		if many.AtLeast {
			counted = fmt.Sprintf("has more than the %d packages that max_packages allows; the service did not say how many, so it was read that far", many.Most)
		}
		return diag.NewAttributeErrorDiagnostic(path.Root("max_packages"), "Too many "+f.title,
			fmt.Sprintf("%s %s.\n\n"+
				"Narrow the window, zones or %s; divide the window with provider::teo::windows and for_each; or raise max_packages.",
				asked, counted, f.hosts))
	case errors.As(err, &unknown):
		return unknownZones(path.Root("zones"), unknown)
	case errors.As(err, &incomplete) && incomplete.Action == f.action:
		return diag.NewErrorDiagnostic("Incomplete "+f.title,
			fmt.Sprintf("%s could not be read as a whole: %s.\n\n"+
				"A short list is not passed off as a whole one. Try again in a few minutes; if packages are still being added, end the window earlier.",
				asked, incomplete.Error()))
	case errors.As(err, &late):
		return timedOut(f.title, asked, late, ", narrow the window, or divide it with provider::teo::windows")
	}
	return apiError("Unable to read "+f.title, asked, err, f.action)
}

// asked says what was asked for, at the head of a detail.
func (f family) asked(q teo.Query) string {
	text := fmt.Sprintf("The list of %s from %s to %s", f.title, q.Start.Format(time.RFC3339), q.End.Format(time.RFC3339))
	var narrowed []string
	for _, n := range []struct {
		label  string
		values []string
	}{{"zones", q.Zones}, {"zone_ids", q.ZoneIDs}, {f.hosts, q.Hosts}} {
		if len(n.values) > 0 {
			narrowed = append(narrowed, n.label+" "+some(n.values))
		}
	}
	if len(narrowed) > 0 {
		text += " (" + strings.Join(narrowed, "; ") + ")"
	}
	return text
}

// some lists the first few of many values.
func some(values []string) string {
	const most = 5
	if len(values) <= most {
		return strings.Join(values, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(values[:most], ", "), len(values)-most)
}

// warnings tells what a user may want to know of a list that was read.
func (f family) warnings(now time.Time, q teo.Query, l *teo.Listing) diag.Diagnostics {
	var diags diag.Diagnostics
	if l.ChangedOver != nil {
		diags.Append(changedOver(l.ChangedOver))
	}
	if len(l.Packages) == 0 {
		diags.AddWarning("No "+f.title+" found", f.ladder(now, q, l))
	}
	if now.Sub(q.End) < settled {
		diags.AddAttributeWarning(path.Root("end_time"), "Log packages may still be added",
			fmt.Sprintf("The window ends at %s, less than 24 hours ago or in the future. EdgeOne shows packages after about 3 hours and adds to them for about 24, "+
				"so a later read can find more packages and larger ones.", q.End.UTC().Format(time.RFC3339)))
	}
	if n := len(l.Packages); n > manySensitive && !f.inventory {
		diags.AddWarning("Many sensitive URLs",
			fmt.Sprintf("The list has %d packages with a sensitive url each. Terraform's own time grows with the square of that number (2,000 packages take it about 20 seconds, 10,000 minutes), also where include_urls is false. "+
				"Use data \"teo_%s\", which has no URLs, or the ephemeral resource \"teo_%s\", which does not have that cost.", n, f.withoutURLs().name, f.name))
	}
	if l.Nameless > 0 {
		diags.AddWarning("Log packages without a name",
			fmt.Sprintf("%d of %d rows came without log_packet_name (request ID %s). They are listed, but cannot be told apart.", l.Nameless, len(l.Packages), l.RequestID))
	}
	return diags
}

// changedOver says, once, that another version of the API is used from now on.
func changedOver(over *teo.ChangeOver) diag.Diagnostic {
	return diag.NewWarningDiagnostic("API version 2022-01-06 is gone",
		fmt.Sprintf("The service answered %s (request ID %s), so the provider goes over to API version 2022-09-01 from here on. "+
			"Set api_version = \"2022-09-01\" in the provider to go there at once.", over.Code, over.RequestID))
}

// ladder names the causes of an empty list, the likely ones first.
func (f family) ladder(now time.Time, q teo.Query, l *teo.Listing) string {
	var causes []string
	if f.layer == teo.L7 && len(q.Hosts) > 0 {
		cause := "domains names a site (example.com) where the sub-domain as served is wanted (www.example.com)."
		if len(l.Hints.RootDomains) > 0 {
			cause = fmt.Sprintf("domains names a site where the sub-domain as served is wanted (such as www.%s): %s.", l.Hints.RootDomains[0], strings.Join(l.Hints.RootDomains, ", "))
		}
		causes = append(causes, cause)
	}
	recent := "the window is too recent: packages are shown after about 3 hours."
	old := "the logs are older than they are kept (31 days, on Standard and Enterprise plans up to 183)."
	zone := "the zone is missing or another one: compare with data \"teo_zones\"."
	if l.APIVersion == teo.Version20220106 && len(q.Zones) > 0 {
		zone = "the zone is another one, or there is none of that name, which API version 2022-01-06 does not say: compare with data \"teo_zones\"."
	}
	age := now.Sub(q.End)
	switch {
	case age > keptAtMost:
		causes = append([]string{"the window ended " + fmt.Sprint(int(age.Hours()/24)) + " days ago: " + old}, causes...)
	case age < 3*time.Hour:
		causes = append(causes, "the window ends less than 3 hours ago, and packages are shown after about 3 hours.")
	case age < settled:
		causes = append(causes, recent)
	}
	causes = append(causes,
		"there was no traffic: an hour without requests has no package.",
		zone,
		"offline logs are not enabled for the site: sites added after 2026-01-20 store none until that is switched on in the console.",
	)
	if age <= keptAtMost {
		causes = append(causes, old)
	}
	if age >= settled {
		causes = append(causes, recent)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s is empty. That is valid; possible causes:", f.asked(q))
	for i, cause := range causes {
		fmt.Fprintf(&b, "\n  %d. %s", i+1, cause)
	}
	if l.RequestID != "" {
		fmt.Fprintf(&b, "\nRequest ID %s.", l.RequestID)
	}
	return b.String()
}
