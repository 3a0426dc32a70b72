package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// Preview is what an apply would find and do. Nothing was written.
type Preview struct {
	// Summary describes the archive as it is; empty if there is none yet. Its
	// PendingCount includes what the apply would archive.
	Summary *Summary

	// Findings concern the ledger, and packages that were never archived. They make an
	// apply fail.
	Findings []Finding

	// Work says what an apply would do, a sentence without a period each; empty if it
	// would write nothing.
	Work []string

	// Damage is the part of Work that concerns files that are missing or damaged.
	Damage []string

	// Joins means that a resource without a state would join an existing archive.
	Joins bool

	// New is the number of packages that an apply would download for the first time.
	New int

	Warnings []Warning

	// Drift is handed over to Run; nil if Run looks for itself.
	Drift []byte

	// Unused are the tokens of Config.Accept that accept nothing.
	Unused []string

	// losses are tokens, and beginnings of tokens, that an apply may ask for.
	losses []string
}

// Plan compares the destination with its ledger and with the list of EdgeOne, and says
// what an apply would do. The errors are those of Run, except that findings are
// returned in the preview.
func (a *Archive) Plan(ctx context.Context) (*Preview, error) {
	c := &a.config
	opened, err := a.Open(ctx)
	if errors.Is(err, ledger.ErrNoArchive) && c.Trusted == nil && c.Archive == "" {
		if destroyed, ok := errors.AsType[*ledger.DestroyedError](err); ok {
			return nil, &ScopeError{Destination: c.Bucket.String(), Message: destroyed.Error() + "; choose another prefix"}
		}
		return a.planNew(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := a.joins(opened); err != nil {
		return nil, err
	}
	p := &Preview{Summary: opened.Summary(0), Findings: opened.Findings, Warnings: slices.Concat(opened.Changes, opened.Warnings), Joins: c.Trusted == nil}
	if f := opened.scopeFinding(c); f != nil {
		p.Findings = append(p.Findings, *f)
	}
	if len(p.Findings) == 0 {
		if err := a.plan(ctx, opened, p); err != nil {
			return nil, err
		}
	}
	p.Unused = slices.DeleteFunc(opened.unused(c), func(token string) bool {
		return slices.ContainsFunc(p.losses, func(loss string) bool { return strings.HasPrefix(token, loss) })
	})
	return p, nil
}

// planNew looks for the first packages of an archive that does not exist yet.
func (a *Archive) planNew(ctx context.Context) (*Preview, error) {
	c := &a.config
	now := c.now()
	p := &Preview{Summary: &Summary{}, Work: []string{"a new archive begins"}}
	l := &lister{config: c, now: now}
	for _, span := range openDays(c, &ledger.State{}, now, nil) {
		for first := span.first; first <= span.last; {
			rows, last, err := l.next(ctx, first, span.last)
			if err != nil {
				return nil, err
			}
			byDay, _ := splitRows(c, rows)
			for ; first <= last; first = nextDay(first) {
				switch rows := len(byDay[first]); {
				case rows == 0:
				case c.Scope.Stable(first).After(now):
					a.describeStart(&ledger.State{}, rows, first, p)
					return p, nil
				default:
					return p, nil
				}
			}
		}
	}
	a.describeStart(&ledger.State{}, 0, "", p)
	return p, nil
}

// unused returns the tokens that accept nothing that was found or recorded.
func (v *Opened) unused(c *Config) []string {
	var unused []string
	for _, token := range sortedKeys(c.Accept) {
		if !v.Accepted(token) {
			unused = append(unused, token)
		}
	}
	return unused
}

// plan does the steps of a run that write nothing.
func (a *Archive) plan(ctx context.Context, opened *Opened, p *Preview) error {
	c := &a.config
	now := c.now()
	s := newScanner(c.Bucket, opened.log, c.Parallelism, c.VerifyPayload)
	d, err := s.scan(ctx)
	if err != nil {
		return err
	}
	if err := s.strike(ctx, d); err != nil {
		return err
	}
	d.sortOut()
	p.Drift = d.Handoff()
	p.Damage = d.describe()
	p.Work = slices.Clone(p.Damage)
	p.Warnings = append(p.Warnings, d.warnings(c.Bucket.String())...)
	p.losses = d.losses()
	state := opened.log.State
	for _, id := range opened.departs {
		p.Work = append(p.Work, "the resource "+id+" leaves the archive")
	}
	if opened.abandons != nil {
		p.Work = append(p.Work, fmt.Sprintf("the accepted roll-back to entry %s is recorded", opened.log.Head))
	}
	after := *state
	if !state.Scope.Equal(&c.Scope) {
		p.Work = append(p.Work, "the scope or the policy of the archive changes")
		after.SealedThrough = resetSeal(state.Scope, &c.Scope, state.SealedThrough)
	}
	erased, unmatched, err := erasures(ctx, s, c)
	if err != nil {
		return err
	}
	p.Warnings = append(p.Warnings, unmatched...)
	if len(erased) > 0 {
		p.Work = append(p.Work, printable.Count(len(erased), "file")+" erased")
	}
	if day := expiring(&c.Scope, state, now); day != "" {
		p.Work = append(p.Work, "the days up to "+day+" expire")
		after.ExpiredThrough = day
	}
	left, err := leftBehind(ctx, c.Bucket, d)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		p.Work = append(p.Work, printable.Count(len(left), "uncommitted bag")+" removed")
	}
	return a.planDays(ctx, opened, s, d, &after, now, p)
}

// planDays lists the open days.
func (a *Archive) planDays(ctx context.Context, opened *Opened, s *scanner, d *Drift, state *ledger.State, now time.Time, p *Preview) error {
	c := &a.config
	broken, days := map[string]string{}, map[string]bool{}
	for folder, b := range d.Bags {
		days[bag.FolderDay(folder)] = true
		for path, why := range b.Files {
			broken[folder+"/"+path] = why
		}
	}
	l := &lister{config: c, now: now}
	settled := map[string]bool{}
	pending, grown, waiting := 0, 0, 0
	gone, oldest := []string{}, ""
	open := openDays(c, state, now, sortedKeys(days))
	warnLate(c, state, now, open, p)
	for _, span := range open {
		for first := span.first; first <= span.last; {
			rows, last, err := l.next(ctx, first, span.last)
			if err != nil {
				return err
			}
			byDay, failures := splitRows(c, rows)
			for ; first <= last; first = nextDay(first) {
				if state.IsExpired(first) {
					continue
				}
				v, err := readDay(ctx, s, first)
				if err != nil {
					return err
				}
				in := &dayInput{config: c, state: opened.log.State, now: now, versions: v, rows: byDay[first], broken: broken}
				plan := planDay(in)
				waiting += plan.waiting
				for i := range plan.tasks {
					switch t := &plan.tasks[i]; {
					case t.accepted && t.current == nil: // tried again by each apply
					case len(t.wanted) > 0:
					case t.current == nil:
						p.New++
					default:
						grown++
					}
				}
				missed := in.failingGone()
				gone = append(gone, missed...)
				if tokens := (&ledger.Entry{Missed: missed}).LossTokens(in.state); len(tokens) > 0 && c.Accept[tokens[0]] == "" {
					p.Findings = append(p.Findings, missedFinding(first, missed, tokens[0]))
				}
				if plan.waiting > 0 && oldest == "" {
					oldest = first
				}
				p.losses = append(p.losses, in.losses(plan, missed)...)
				settled[first] = plan.settled && len(plan.missing)+len(missed)+len(failures) == 0 && !slices.ContainsFunc(plan.tasks, func(t task) bool { return !t.accepted })
			}
		}
	}
	pending = waiting + p.New
	p.Summary.PendingCount = int64(pending)
	if p.New > 0 {
		p.Work = append(p.Work, printable.Count(p.New, "new package")+" archived")
	}
	if grown > 0 {
		p.Work = append(p.Work, printable.Count(grown, "package")+" downloaded again, because the listed size changed")
	}
	if len(gone) > 0 {
		p.Work = append(p.Work, printable.Count(len(gone), "package")+" that could not be archived and not listed any more: "+names(gone))
	}
	for key := range state.Failing {
		if ledger.DayOf(key) != "" {
			settled[ledger.DayOf(key)] = false
		}
	}
	if day := sealable(&c.Scope, state, now, func(day string) bool { return settled[day] }); day != "" {
		p.Work = append(p.Work, "the days up to "+day+" are sealed")
	}
	a.describeStart(state, waiting, oldest, p)
	return nil
}

// lateAfter is the age of the first open day that is a warning. EdgeOne keeps packages
// for 31 days by default.
const lateAfter = 25 * 24 * time.Hour

// warnLate warns of an open day whose packages EdgeOne may drop soon.
func warnLate(c *Config, state *ledger.State, now time.Time, open []span, p *Preview) {
	if len(open) == 0 || state.IsSealed(open[0].first) {
		return
	}
	if age := now.Sub(c.Scope.DayEnd(open[0].first)); age > lateAfter {
		p.Warnings = append(p.Warnings, Warning{"Days that EdgeOne may drop", fmt.Sprintf(
			"%s is not sealed yet, %d days after its end. EdgeOne keeps packages for 31 days by default, so apply more often.", open[0].first, int(age.Hours())/24)})
	}
}

// describeStart says when an archive that is empty yet will have its first day.
func (a *Archive) describeStart(state *ledger.State, waiting int, oldest string, p *Preview) {
	c := &a.config
	if len(state.Bags) > 0 || state.ExpiredThrough != "" || p.New > 0 {
		return
	}
	if waiting > 0 {
		p.Warnings = append(p.Warnings, Warning{"Nothing to archive yet", fmt.Sprintf(
			"EdgeOne lists %s. The first day, %s, is archived from %s on, when its packages do not grow any more (stable_after).", printable.Count(waiting, "package"), oldest, c.Scope.Stable(oldest).UTC().Format(time.RFC3339))})
		return
	}
	zones := ""
	if len(c.Scope.Resolved) > 0 {
		zones = " (zones: " + names(c.Scope.Resolved) + ")"
	}
	p.Warnings = append(p.Warnings, Warning{"Nothing was ever archived", fmt.Sprintf(
		"EdgeOne lists no package from %s on for this scope%s, so no day is sealed. Check the zones and filters, and whether offline logs are switched on.",
		c.Scope.Start.Format(time.RFC3339), zones)})
}
