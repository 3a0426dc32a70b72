package logcoverage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/edgeone-community/terraform-provider-teo/internal/coverage"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// readError explains why there is no comparison, on the attribute to change if
// there is one.
func (f family) readError(a arguments, err error) diag.Diagnostic {
	var (
		many    *tooManyHostsError
		foreign *foreignHostsError
		unknown *teo.UnknownZonesError
		stored  *archiveError
		other   *otherLayerError
		late    query.TimeoutError
	)
	asked := fmt.Sprintf("The %s from %s to %s", f.title, a.query.Start.Format(time.RFC3339), a.query.End.Format(time.RFC3339))
	switch {
	case errors.As(err, &many):
		return diag.NewAttributeErrorDiagnostic(path.Root("max_hosts"), "Too many "+f.noun,
			fmt.Sprintf("%s has %d %s, and max_hosts is %d.\n\nNarrow zones, zone_ids or %s, or raise max_hosts. Each of the %[3]s takes about one request for every 31 days.",
				asked, many.found, f.noun, many.most, f.hosts))
	case errors.As(err, &foreign):
		return diag.NewAttributeErrorDiagnostic(path.Root(f.hosts), strings.ToUpper(f.noun[:1])+f.noun[1:]+" in none of the zones",
			fmt.Sprintf("None of the zones contains %s, and no zone has packages or traffic with such a name in the window.\n\n"+
				"Check the spelling, and check zones or zone_ids with data \"teo_zones\".", query.Shorten(foreign.names)))
	case errors.As(err, &unknown):
		return query.UnknownZones(path.Root("zones"), unknown)
	case errors.As(err, &other):
		return diag.NewAttributeErrorDiagnostic(path.Root("archive"), "Archive of another layer",
			fmt.Sprintf("The archive has packages of layer %s. Use data \"teo_%s_log_coverage\" for it.", strings.TrimPrefix(string(other.layer), "l"), other.layer))
	case errors.As(err, &stored) && errors.Is(err, ledger.ErrNoArchive):
		return diag.NewAttributeErrorDiagnostic(path.Root("archive"), "No archive to compare",
			"There is no archive at this destination. Give the same destination, with its prefix, as the resource that writes the archive.")
	case errors.As(err, &stored):
		return diag.NewAttributeErrorDiagnostic(path.Root("archive"), "Unable to read the archive",
			fmt.Sprintf("The packages of the archive could not be read: %s.", strings.TrimSuffix(err.Error(), ".")))
	case errors.As(err, &late):
		return query.TimedOut(f.title, asked, late, ", narrow the window, or split it with provider::teo::windows")
	}
	failed := query.Failed("Unable to read "+f.title, asked, err)
	if failure := tcapi.AsError(err); failure != nil && strings.HasPrefix(failure.Code, "UnauthorizedOperation") && slices.Contains(f.actions, failure.Action) {
		return diag.NewErrorDiagnostic(failed.Summary(), failed.Detail()+fmt.Sprintf(
			"\n\nThe comparison needs the CAM actions teo:%s. The list of packages itself, data \"teo_%s\", needs only teo:%s.",
			strings.Join(f.actions, " and teo:"), f.logs.Name, f.logs.Action))
	}
	return failed
}

// warnings returns what limits the comparison.
func (c *comparison) warnings(report *coverage.Report) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, w := range c.limits {
		diags.AddAttributeWarning(path.Root("archive"), w.Summary, w.Detail)
	}
	if since, zones := c.lookBack(); len(zones) > 0 {
		diags.AddAttributeWarning(path.Root("start_time"), "Traffic of some hours is no longer available",
			fmt.Sprintf("How far back the analytics reach depends on the plan of the zone. For %s they reach back to %s at most. "+
				"The hours before it are unverified (?), and complete is false. Compare a window while its traffic is available, and keep the result.",
				query.Shorten(zones), since.Format(time.RFC3339)))
	}
	if c.cutOff() {
		diags.AddWarning("Domains may be missing from the comparison",
			"A zone has at least 1,000 domains with traffic, and the analytics list no more than 1,000. Other domains are compared only if they have log packages, so complete is false. "+
				"Name the domains in "+c.hosts+" instead.")
	}
	if len(report.Rows) == 0 {
		diags.AddWarning("Nothing to compare", c.nothing())
	}
	if report.Pending > 0 {
		recent := "Hours that ended"
		if c.archive != "" {
			recent = "Hours of UTC days that ended" // an archive adds whole days
		}
		diags.AddAttributeWarning(path.Root("end_time"), "Some hours are too recent to judge",
			fmt.Sprintf("%s less than %s ago, or are in the future, are pending (~): %d. A later read can find that they have no log package.", recent, query.ShortDuration(c.stableAfter), report.Pending))
	}
	return diags
}

// nothing explains a comparison without rows: a wrong zone must not look like a
// complete week.
func (c *comparison) nothing() string {
	found := "The account has no zone."
	if len(c.zones) > 0 {
		ids := make([]string, len(c.zones))
		for i, z := range c.zones {
			ids[i] = z.id
		}
		found = fmt.Sprintf("Nothing in %s has traffic or log packages from %s to %s.",
			query.Shorten(ids), c.window.Start.Format(time.RFC3339), c.window.End.Format(time.RFC3339))
	}
	return found + " No hour was compared, so complete is null. Check the window, zones and zone_ids; data \"teo_zones\" lists the zones of the account."
}

// lookBack returns the zones whose analytics do not reach the start of the
// window, and the latest hour at which they begin to.
func (c *comparison) lookBack() (latest time.Time, zones []string) {
	for _, z := range c.zones {
		if z.traffic != nil && z.traffic.Since.After(c.window.Start) {
			zones = append(zones, z.id)
			if z.traffic.Since.After(latest) {
				latest = z.traffic.Since
			}
		}
	}
	return latest, zones
}
