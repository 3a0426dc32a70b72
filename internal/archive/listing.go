package archive

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// span is a range of whole UTC days, both included.
type span struct{ first, last string }

// nextDay returns the day after a day.
func nextDay(day string) string { return bag.Day(bag.DayStart(day).AddDate(0, 0, 1)) }

// openDays returns the days to list: those after the ones that are sealed or have
// expired, those with missing files, and those that others have sealed since the
// last own run. They are spans in order.
func openDays(c *Config, state *ledger.State, now time.Time, broken []string) []span {
	first := bag.Day(c.Scope.Start)
	end := now
	if c.Scope.End != nil && c.Scope.End.Before(end) {
		end = *c.Scope.End
	}
	if !c.Scope.Start.Before(end) {
		return spans(nil, broken)
	}
	last := bag.Day(end.Add(-time.Second))
	from := first
	if sealed := state.SealedThrough; sealed != "" && nextDay(sealed) > from {
		from = nextDay(sealed)
	}
	if own := c.Member.SealedThrough; c.Member.Sequence > 0 && own < state.SealedThrough {
		if from = first; own != "" {
			from = max(first, nextDay(own))
		}
	}
	if expired := state.ExpiredThrough; expired != "" && nextDay(expired) > from {
		from = nextDay(expired)
	}
	var days []string
	for day := from; day <= last; day = nextDay(day) {
		days = append(days, day)
	}
	return spans(days, slices.DeleteFunc(slices.Clone(broken), state.IsExpired))
}

// spans joins days into spans of consecutive days.
func spans(lists ...[]string) []span {
	days := slices.Concat(lists...)
	slices.Sort(days)
	var all []span
	for _, day := range slices.Compact(days) {
		if n := len(all); n > 0 && nextDay(all[n-1].last) == day {
			all[n-1].last = day
			continue
		}
		all = append(all, span{day, day})
	}
	return all
}

// maxDayRows bounds the list of one day.
const maxDayRows = 100 * teo.DefaultMaxPackages

// lister lists days in ranges that grow while they are short.
type lister struct {
	config *Config
	now    time.Time
	days   int
}

const (
	shortList = 10_000
	longList  = teo.DefaultMaxPackages
)

// next lists the packages of days from first on, and returns the last day that it
// listed, which is at most last.
func (l *lister) next(ctx context.Context, first, last string) (rows []teo.Package, until string, err error) {
	l.days = max(l.days, 1)
	for {
		until = min(bag.Day(bag.DayStart(first).AddDate(0, 0, l.days-1)), last)
		most := longList
		if until == first {
			most = maxDayRows
		}
		start, end := bag.DayStart(first), bag.DayStart(until).AddDate(0, 0, 1)
		if l.config.Scope.ContainsDay(first) && start.Before(l.config.Scope.Start) {
			start = l.config.Scope.Start
		}
		if e := l.config.Scope.End; e != nil && l.config.Scope.ContainsDay(until) && e.Before(end) {
			end = *e
		}
		if l.now.Before(end) && start.Before(l.now) {
			end = l.now
		}
		rows, err = l.config.List(ctx, start, end, most)
		if _, many := errors.AsType[*teo.TooManyError](err); many && until > first {
			l.days = max(l.days/2, 1)
			continue
		}
		if err == nil && len(rows) < shortList {
			l.days *= 2
		}
		return rows, until, err
	}
}

// errNoStart is why a package cannot be placed in a bag.
var errNoStart = errors.New("neither the list nor its name says when it starts")

// splitRows sorts listed packages by day. Those that start outside of the window are
// left out, whatever the service lists.
func splitRows(c *Config, rows []teo.Package) (byDay map[string][]teo.Package, failures []Failure) {
	byDay = map[string][]teo.Package{}
	for i := range rows {
		row := &rows[i]
		if row.Start.IsZero() {
			failures = append(failures, Failure{Package: bag.IdentityOf(c.Layer, row).String(), Err: errNoStart})
			continue
		}
		if c.Scope.Contains(row.Start.Time) {
			day := bag.Day(row.Start.Time)
			byDay[day] = append(byDay[day], *row)
		}
	}
	return byDay, failures
}
