package query

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// The causes of an empty list are those that window and filters leave possible.
func TestAnEmptyListHasOnlyThePossibleCauses(t *testing.T) {
	t.Parallel()
	const (
		inFuture   = "The window is in the future."
		tooRecent  = "The window is too recent: it starts less than 3 hours ago, and packages are shown after about 3 hours."
		recent     = "The window is too recent: packages are shown after about 3 hours, sometimes later."
		old        = "The window ended 40 days ago. Logs are kept for 31 days, or for up to 183 days on Standard and Enterprise plans."
		enabledOld = "The window ended 131 days ago. Logs are kept for 31 days, or for up to 183 days on Standard and Enterprise plans."
		beforeOld  = "The window ended 132 days ago. Logs are kept for 31 days, or for up to 183 days on Standard and Enterprise plans."
		tooOld     = "The window ended 200 days ago, and logs are kept for at most 183 days."
		noTraffic  = "There was no traffic. An hour without requests has no package."
		account    = `The zone belongs to another account. Data "teo_zones" lists the zones that the credentials can access.`
		unchecked  = `The zones do not exist in this account. Compare with data "teo_zones".`
		notEnabled = "Offline logs are not enabled. Sites added after 2026-01-20 store offline logs only after you enable them in the console."
		proxies    = "proxy_ids contains an instance that is in no zone of the account."
		noProxy    = "None of the given zones has the layer-4 proxy sid-1."
		domains    = "domains contains a name that is in none of the given zones, or the name of a site (example.com) instead of a sub-domain (www.example.com)."
		notServed  = "domains names no sub-domain as it is served. Leave domains out, and compare with the domain of the rows."
	)
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	zones := []string{"example.com"}
	for name, test := range map[string]struct {
		logs       Logs
		start, end time.Duration // before now
		query      teo.Query
		hints      teo.Hints
		want       []string
	}{
		"in the future":          {start: -time.Hour, end: -2 * time.Hour, want: []string{inFuture, noTraffic, account, notEnabled}},
		"the last two hours":     {start: 2 * time.Hour, want: []string{tooRecent, noTraffic, account, notEnabled}},
		"the last day":           {start: 23 * time.Hour, want: []string{recent, noTraffic, account, notEnabled}},
		"the last week":          {start: 7 * day, want: []string{noTraffic, account, notEnabled}},
		"40 days ago":            {start: 41 * day, end: 40 * day, want: []string{old, noTraffic, account, notEnabled}},
		"across the switch":      {start: 134 * day, end: 131 * day, want: []string{enabledOld, noTraffic, account, notEnabled}},
		"up to the switch":       {start: 134 * day, end: 132*day + 12*time.Hour, want: []string{beforeOld, noTraffic, account}},
		"before the switch":      {start: 201 * day, end: 200 * day, want: []string{tooOld, noTraffic, account}},
		"zones that were found":  {start: 2 * day, end: day, query: teo.Query{Zones: zones}, hints: teo.Hints{Checked: true}, want: []string{noTraffic, notEnabled}},
		"zones not looked up":    {start: 2 * day, end: day, query: teo.Query{Zones: zones}, want: []string{unchecked, noTraffic, notEnabled}},
		"an unknown zone ID":     {start: 2 * day, end: day, query: teo.Query{ZoneIDs: []string{"zone-1"}}, hints: teo.Hints{Checked: true, UnknownZoneIDs: []string{"zone-1"}}, want: []string{`No zone of the account has the ID zone-1. See data "teo_zones".`, noTraffic, notEnabled}},
		"domains not looked up":  {start: 2 * day, end: day, query: teo.Query{Zones: zones, Hosts: zones}, want: []string{domains, unchecked, noTraffic, notEnabled}},
		"domains that are right": {start: 2 * day, end: day, query: teo.Query{Zones: zones, Hosts: zones}, hints: teo.Hints{Checked: true}, want: []string{notServed, noTraffic, notEnabled}},
		"proxies":                {logs: L4, start: 2 * day, end: day, query: teo.Query{Hosts: []string{"sid-1"}}, hints: teo.Hints{Checked: true}, want: []string{noTraffic, notEnabled}},
		"proxies not looked up":  {logs: L4, start: 2 * day, end: day, query: teo.Query{Hosts: []string{"sid-1"}}, want: []string{proxies, noTraffic, notEnabled}},
		"an unknown proxy":       {logs: L4, start: 2 * day, end: day, query: teo.Query{Zones: zones, Hosts: []string{"sid-1"}}, hints: teo.Hints{Checked: true, OtherProxies: []string{"sid-1"}}, want: []string{noProxy, noTraffic, notEnabled}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.logs.Name == "" {
				test.logs = L7
			}
			test.query.Start, test.query.End = now.Add(-test.start), now.Add(-test.end)
			if got := test.logs.emptyCauses(now, test.query, test.hints); !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// An error of DescribeZones, which looks up the zones of a query, is not reported as
// an error of the list: max_packages does not concern it, and no list was incomplete.
func TestAnErrorOfZonesIsNotThatOfTheList(t *testing.T) {
	t.Parallel()
	for _, logs := range []Logs{L7, L4} {
		for _, test := range []struct {
			err    error
			action string
			want   string
		}{
			{&teo.TooManyError{Action: logs.Action, Total: 11, Most: 10}, logs.Action, "Too many " + logs.Title},
			{&teo.TooManyError{Action: "DescribeZones", Total: 100_001, Most: 100_000}, "DescribeZones", "Unable to read " + logs.Title},
			{&teo.IncompleteError{Action: logs.Action, Read: 1, Total: 2, Before: -1}, logs.Action, "Incomplete " + logs.Title},
			{&teo.IncompleteError{Action: "DescribeZones", Read: 1, Total: 2, Before: -1}, "DescribeZones", "Unable to read " + logs.Title},
		} {
			got := logs.ReadError(teo.Query{}, test.err)
			if got.Summary() != test.want || strings.Contains(got.Detail(), "max_packages") != (test.want == "Too many "+logs.Title) {
				t.Errorf("%s: %s: %s, want %s", test.action, got.Summary(), got.Detail(), test.want)
			}
			if test.action == "DescribeZones" && !strings.Contains(got.Detail(), test.err.Error()) {
				t.Errorf("%s: %s, want %q in it", test.action, got.Detail(), test.err)
			}
		}
	}
}

// The window of an open archive has no end.
func TestReadErrorNamesTheWindow(t *testing.T) {
	t.Parallel()
	start := time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)
	failure := errors.New("the connection was reset")
	for want, q := range map[string]teo.Query{
		"The list of L7 offline logs from 2022-05-01T00:00:00Z":                                             {Start: start},
		"The list of L7 offline logs from 2022-05-01T00:00:00Z (zones example.com)":                         {Start: start, Zones: []string{"example.com"}},
		"The list of L7 offline logs from 2022-05-01T00:00:00Z to 2022-05-02T00:00:00Z (zones example.com)": {Start: start, End: start.AddDate(0, 0, 1), Zones: []string{"example.com"}},
	} {
		if got := L7.ReadError(q, failure).Detail(); !strings.HasPrefix(got, want+" could not be read: ") {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
