package coverage_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/coverage"
)

var (
	midnight = time.Date(2022, 5, 4, 0, 0, 0, 0, time.UTC)
	longAgo  = coverage.Options{Now: midnight.AddDate(0, 1, 0)}
	www      = coverage.Host{ZoneID: "zone-1", Name: "www.example.com"}
)

// clock is a time of 2022-05-04, or of the days after it where the hour is 24 or
// more.
func clock(text string) time.Time {
	var hour, minute, second int
	_, _ = fmt.Sscanf(text, "%d:%d:%d", &hour, &minute, &second)
	return midnight.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second)
}

// slots are packages, as "03:00:00..04:00:00".
func slots(w coverage.Window, host coverage.Host, texts ...string) *coverage.Packages {
	p := coverage.NewPackages(w)
	for _, text := range texts {
		start, end, _ := strings.Cut(text, "..")
		p.Add(host, clock(start), clock(end))
	}
	return p
}

func TestEachHourHasOneStatus(t *testing.T) {
	t.Parallel()
	const unknown = coverage.Unknown
	for _, test := range []struct {
		name     string
		packages []string
		counts   []int64
		options  func(*coverage.Options)
		want     string
	}{
		{name: "each status", packages: []string{"0:00:00..1:00:00", "3:00:00..4:00:00", "4:00:00..5:00:00"}, counts: []int64{5, 5, 0, 0, unknown, unknown}, want: "#!.+??"},
		{name: "quarters of an hour", packages: []string{"0:45:00..0:59:59", "2:00:00..2:14:59"}, counts: []int64{1, 0, 1, 1, 0, 0}, want: "#.#!.."},
		{name: "across two hours", packages: []string{"0:30:00..1:30:00"}, counts: []int64{1, 1, 1, 0, 0, 0}, want: "##!..."},
		{name: "without an end", packages: []string{"1:00:00..0:00:00"}, counts: []int64{0, 1, 0, 0, 0, 0}, want: ".#...."},
		{name: "outside the window", packages: []string{"-9:00:00..-8:00:00", "6:00:00..7:00:00", "90:00:00..91:00:00"}, counts: []int64{1, 0, 0, 0, 0, 1}, want: "!....!"},
		{name: "longer than the window", packages: []string{"-9:00:00..99:00:00"}, counts: []int64{1, 1, 1, 1, 1, 1}, want: "######"},
		{name: "pending", packages: []string{"0:00:00..6:00:00"}, counts: []int64{1, 1, 1, 1, 1, unknown}, options: func(o *coverage.Options) {
			o.Now, o.StableAfter = clock("27:30:00"), 24*time.Hour
		}, want: "###~~~"},
		{name: "never stable", packages: []string{"0:00:00..6:00:00"}, counts: []int64{1, 1, 1, 1, 1, 1}, options: func(o *coverage.Options) {
			o.StableAfter = math.MaxInt64
		}, want: "~~~~~~"},
		{name: "in the future", counts: []int64{0, 0, 0, 0, 0, 0}, options: func(o *coverage.Options) { o.Now = midnight }, want: "~~~~~~"},
		{name: "few requests", packages: []string{"1:00:00..2:00:00", "3:00:00..4:00:00"}, counts: []int64{9, 9, 10, 0, 0, 0}, options: func(o *coverage.Options) {
			o.Min = 10
		}, want: ".#!+.."},
		{name: "no count is the same as none", counts: []int64{0, 0, 0, 0, 0, 0}, options: func(o *coverage.Options) { o.Min = 0 }, want: "......"},
		{
			name: "an hour of grace", packages: []string{"-1:00:00..0:00:00", "3:00:00..4:00:00", "5:00:00..6:00:00"}, counts: []int64{0, 1, 1, 1, 0, 0, 0, 0},
			options: func(o *coverage.Options) { o.Grace = 1 }, want: "#!##.+",
		},
		{
			name: "grace at the end", packages: []string{"5:00:00..6:00:00"}, counts: []int64{0, 0, 0, 0, 0, 0, 0, 1},
			options: func(o *coverage.Options) { o.Grace = 1 }, want: ".....#",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := longAgo
			if test.options != nil {
				test.options(&o)
			}
			w := coverage.NewWindow(clock("0:00:00"), clock("6:00:00"))
			report := coverage.Compare(w, o, slots(w.Grow(o.Grace), www, test.packages...), []coverage.Series{{Host: www, Counts: test.counts}})
			want := map[string]string{"2022-05-04": test.want + strings.Repeat(" ", 18)}
			if got := report.Rows[0].Days; !maps.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// The sums, the missing hours, days that the window touches, and the order.
func TestAReportHasSumsMissingHoursAndDays(t *testing.T) {
	t.Parallel()
	w := coverage.NewWindow(clock("22:20:00"), clock("25:01:00"))
	if w.Hours() != 4 || !w.Start.Equal(clock("22:00:00")) || !w.End.Equal(clock("26:00:00")) {
		t.Fatalf("window %v", w)
	}
	if hours := coverage.NewWindow(clock("2:00:00"), clock("1:00:00")).Hours(); hours != 0 {
		t.Errorf("a window that ends before it begins has %d hours", hours)
	}
	packages := coverage.NewPackages(w)
	packages.Add(coverage.Host{Name: "www.example.com"}, clock("22:00:00"), clock("23:00:00")) // of any zone
	other := coverage.Host{ZoneID: "zone-0", Name: "www.example.com"}
	report := coverage.Compare(w, longAgo, packages, []coverage.Series{
		{Host: www, Counts: []int64{2, 3, 0, 4}},
		{Host: other, Counts: []int64{1, -1, 0, 0}},
	})
	want := &coverage.Report{
		Sums: coverage.Sums{Covered: 2, Missing: 2, Quiet: 3, Unverified: 1}, Count: 10,
		Rows: []coverage.Row{
			{
				Host: other, Sums: coverage.Sums{Covered: 1, Quiet: 2, Unverified: 1}, Count: 1,
				Days: map[string]string{"2022-05-04": strings.Repeat(" ", 22) + "#?", "2022-05-05": ".." + strings.Repeat(" ", 22)},
			},
			{
				Host: www, Sums: coverage.Sums{Covered: 1, Missing: 2, Quiet: 1}, Count: 9,
				MissingHours: []time.Time{clock("23:00:00"), clock("25:00:00")},
				Days:         map[string]string{"2022-05-04": strings.Repeat(" ", 22) + "#!", "2022-05-05": ".!" + strings.Repeat(" ", 22)},
			},
		},
	}
	if !reflect.DeepEqual(report, want) {
		t.Errorf("got  %+v\nwant %+v", report, want)
	}
	if report.Complete() || !(&coverage.Report{Sums: coverage.Sums{Pending: 1, Quiet: 1, Uncounted: 1}}).Complete() {
		t.Error("Complete")
	}
	if (&coverage.Report{Sums: coverage.Sums{Unverified: 1}}).Complete() {
		t.Error("an unverified hour is complete")
	}
}

func TestAWildcardMatchesTheDomainsBelowIt(t *testing.T) {
	t.Parallel()
	known := func(name string) bool { return name == "*.example.com" || name == "*.a.example.com" }
	for domain, want := range map[string]string{
		"www.example.com": "*.example.com", "b.a.example.com": "*.a.example.com", "c.b.a.example.com": "*.a.example.com",
		"*.a.example.com": "*.example.com", "*.example.com": "", "example.com": "", "www.example.org": "", "": "",
	} {
		if got, ok := coverage.Wildcard(domain, known); got != want || ok != (want != "") {
			t.Errorf("%s is covered by %q, %t, want %q", domain, got, ok, want)
		}
	}
}

// The packages of a domain under a wildcard count for the wildcard.
func TestPackagesBelowAWildcardCountForIt(t *testing.T) {
	t.Parallel()
	w := coverage.NewWindow(clock("0:00:00"), clock("3:00:00"))
	packages := coverage.NewPackages(w)
	wildcard := coverage.Host{ZoneID: "zone-1", Name: "*.example.com"}
	packages.Add(www, clock("0:00:00"), clock("1:00:00"))
	packages.Rename(www, wildcard)
	packages.Add(www, clock("1:00:00"), clock("2:00:00"))
	packages.Rename(www, wildcard)
	report := coverage.Compare(w, longAgo, packages, []coverage.Series{{Host: wildcard, Counts: []int64{1, 1, 1}}})
	if got := report.Rows[0].Days["2022-05-04"]; !strings.HasPrefix(got, "##!") {
		t.Errorf("got %q", got)
	}
	if got := packages.Hosts(); !slices.Equal(got, []coverage.Host{wildcard}) {
		t.Errorf("hosts %v", got)
	}
	all := []coverage.Host{wildcard}
	for _, name := range []string{"a", "b", "c", "d", "e"} { // more than chance sorts
		all = append(all, coverage.Host{ZoneID: "zone-1", Name: name + ".example.com"})
		packages.Add(all[len(all)-1], clock("0:00:00"), clock("1:00:00"))
	}
	if got := packages.Hosts(); !slices.Equal(got, all) {
		t.Errorf("hosts %v", got)
	}
}

// Random accounts, compared with a model that checks every package for every hour.
// The service is simulated by lines: a line is logged in a package and counted
// in an hour, and either can go wrong.
func TestTheStatusesAreThoseOfTheModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 15))
		checkAgainstModel(t, seed, r)
		if t.Failed() {
			return
		}
	}
}

type slot struct{ start, end time.Time }

func checkAgainstModel(t *testing.T, seed uint64, r *rand.Rand) {
	t.Helper()
	start := midnight.Add(time.Duration(r.IntN(48*60)) * time.Minute)
	w := coverage.NewWindow(start, start.Add(time.Duration(1+r.IntN(72*60))*time.Minute))
	o := coverage.Options{
		Now: w.Start.Add(time.Duration(r.IntN(120*60)) * time.Minute), StableAfter: time.Duration(r.IntN(30)) * time.Hour,
		Min: int64(r.IntN(4)), Grace: r.IntN(2),
	}
	grown := w.Grow(o.Grace)
	packages, counts := coverage.NewPackages(grown), make([]int64, grown.Hours())
	var listed []slot
	for i := range counts {
		at := grown.Hour(i)
		counts[i] = int64(r.IntN(4))
		if r.IntN(10) == 0 {
			counts[i] = coverage.Unknown
		}
		switch r.IntN(4) {
		case 0: // an hour
			listed = append(listed, slot{at, at.Add(time.Hour)})
		case 1: // some of its quarters
			for quarter := range 4 {
				if begin := at.Add(time.Duration(quarter) * 15 * time.Minute); r.IntN(2) == 0 {
					listed = append(listed, slot{begin, begin.Add(15*time.Minute - time.Second)})
				}
			}
		}
	}
	r.Shuffle(len(listed), func(i, j int) { listed[i], listed[j] = listed[j], listed[i] })
	for _, p := range listed {
		packages.Add(www, p.start, p.end)
	}
	row := coverage.Compare(w, o, packages, []coverage.Series{{Host: www, Counts: counts}}).Rows[0]

	statuses, counted := map[rune]int64{}, int64(0)
	for at := w.Start; at.Before(w.End); at = at.Add(time.Hour) {
		want := model(o, grown, listed, counts, at)
		got := rune(row.Days[at.Format(time.DateOnly)][at.Hour()])
		if got != want {
			t.Fatalf("seed %d: %s is %q, want %q", seed, at, got, want)
		}
		if missing := slices.Contains(row.MissingHours, at); missing != (want == '!') {
			t.Fatalf("seed %d: %s in the missing hours is %t", seed, at, missing)
		}
		statuses[want]++
		counted += max(0, counts[int(at.Sub(grown.Start)/time.Hour)])
	}
	sums := coverage.Sums{
		Covered: statuses['#'], Missing: statuses['!'], Quiet: statuses['.'], Pending: statuses['~'],
		Uncounted: statuses['+'], Unverified: statuses['?'],
	}
	if row.Sums != sums || row.Count != counted {
		t.Fatalf("seed %d: the sums are %+v and the count is %d, want %+v and %d", seed, row.Sums, row.Count, sums, counted)
	}
	for day, letters := range row.Days {
		for hour, letter := range letters {
			at, _ := time.Parse(time.DateOnly, day)
			at = at.Add(time.Duration(hour) * time.Hour)
			if inside := !at.Before(w.Start) && at.Before(w.End); inside == (letter == ' ') {
				t.Fatalf("seed %d: %s is %q", seed, at, letter)
			}
		}
	}
}

// model implements the definition of the statuses directly.
func model(o coverage.Options, grown coverage.Window, listed []slot, counts []int64, at time.Time) rune {
	count := func(h time.Time) int64 {
		if h.Before(grown.Start) || !h.Before(grown.End) {
			return 0
		}
		return counts[int(h.Sub(grown.Start)/time.Hour)]
	}
	overlaps := func(h time.Time) bool {
		return slices.ContainsFunc(listed, func(s slot) bool { return s.start.Before(h.Add(time.Hour)) && s.end.After(h) })
	}
	near, nearTraffic := false, false
	for by := -o.Grace; by <= o.Grace; by++ {
		h := at.Add(time.Duration(by) * time.Hour)
		near = near || overlaps(h)
		nearTraffic = nearTraffic || count(h) > 0
	}
	if o.Now.Before(at.Add(time.Hour).Add(o.StableAfter)) {
		return '~'
	}
	if count(at) < 0 {
		return '?'
	}
	if count(at) > 0 && near {
		return '#'
	}
	if count(at) > 0 && count(at) >= o.Min {
		return '!'
	}
	if overlaps(at) && nearTraffic {
		return '#'
	}
	if overlaps(at) {
		return '+'
	}
	return '.'
}

// An archive adds whole days: until the day is over for long enough, none of its
// hours is missing.
func TestHoursOfAWholeDayAreClassifiedTogether(t *testing.T) {
	t.Parallel()
	start := time.Date(2022, 5, 4, 22, 0, 0, 0, time.UTC)
	window := coverage.Window{Start: start, End: start.Add(4 * time.Hour)}
	series := []coverage.Series{{Host: coverage.Host{Name: "www.example.com"}, Counts: []int64{1, 1, 1, 1}}}
	for now, want := range map[time.Time]int64{
		time.Date(2022, 5, 5, 23, 59, 0, 0, time.UTC): 4, time.Date(2022, 5, 6, 0, 0, 0, 0, time.UTC): 2, time.Date(2022, 5, 7, 0, 0, 0, 0, time.UTC): 0,
	} {
		report := coverage.Compare(window, coverage.Options{Now: now, StableAfter: 24 * time.Hour, WholeDays: true, Min: 1}, coverage.NewPackages(window), series)
		if report.Pending != want || report.Missing != 4-want {
			t.Errorf("at %s: %d hours are pending, %d missing, want %d pending", now, report.Pending, report.Missing, want)
		}
	}
}
