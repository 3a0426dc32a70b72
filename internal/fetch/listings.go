package fetch

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

const (
	// maxListings is how many listings are kept. A listing can be long, and a
	// backfill has many days.
	maxListings = 4

	// minAge is how old a listing is before one of its URLs may have expired. A
	// younger URL that is refused is refused for another reason.
	minAge = time.Minute
)

// listings hands out fresh URLs. If many URLs of a day expire, one listing of the day
// serves all of them.
type listings struct {
	layer  teo.Layer
	relist func(ctx context.Context, day string) ([]teo.Package, error)
	now    func() time.Time

	mu   sync.Mutex
	days []*listing // the newest ones of different days, in the order in which they began
}

func newListings(layer teo.Layer, relist func(context.Context, string) ([]teo.Package, error), now func() time.Time) *listings {
	return &listings{layer: layer, relist: relist, now: now}
}

// listing is one listing of a day. The fields after done are set when it is closed.
type listing struct {
	day  string
	done chan struct{}

	at    time.Time
	found map[bag.Identity][]teo.Package
	err   error
}

// fresh returns the package with another URL than it has; nil if there is none, because
// the URL is fresh already. The error is ErrGone if the service no longer lists it.
func (l *listings) fresh(ctx context.Context, pkg *teo.Package) (*teo.Package, error) {
	day := bag.Day(pkg.Start.Time)
	d, own := l.after(day, nil)
	for {
		if own {
			l.list(ctx, d)
		}
		select {
		case <-d.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		row := d.row(bag.IdentityOf(l.layer, pkg), pkg)
		switch {
		case d.err != nil && own:
			return nil, fmt.Errorf("its URL has expired, and the listing for a fresh one failed: %w", d.err)
		case d.err != nil:
		case row == nil:
			return nil, fmt.Errorf("%w: it is no longer listed", ErrGone)
		case row.URL != pkg.URL:
			return row, nil
		case own || l.now().Sub(d.at) < minAge:
			return nil, nil
		}
		// Another caller's listing failed, or the URL that has expired is from it.
		d, own = l.after(day, d)
	}
}

// after returns the newest listing of a day, if it is not old, or a new one. own
// reports that the caller has to make it.
func (l *listings) after(day string, old *listing) (d *listing, own bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.days, func(d *listing) bool { return d.day == day })
	if i >= 0 {
		if l.days[i] != old {
			return l.days[i], false
		}
		l.days = slices.Delete(l.days, i, i+1)
	}
	if len(l.days) == maxListings {
		l.days = slices.Delete(l.days, 0, 1)
	}
	d = &listing{day: day, done: make(chan struct{})}
	l.days = append(l.days, d)
	return d, true
}

// list makes a listing.
func (l *listings) list(ctx context.Context, d *listing) {
	defer close(d.done)
	d.at = l.now()
	rows, err := l.relist(ctx, d.day)
	if err != nil {
		d.err = err
		return
	}
	d.found = make(map[bag.Identity][]teo.Package, len(rows))
	for i := range rows {
		id := bag.IdentityOf(l.layer, &rows[i])
		d.found[id] = append(d.found[id], rows[i])
	}
}

// row returns the row of a package: the only one with its identity, or the one of
// these that has the same URL path.
func (d *listing) row(id bag.Identity, pkg *teo.Package) *teo.Package {
	rows := d.found[id]
	if len(rows) == 1 {
		return &rows[0]
	}
	_, _, path := bag.Source(pkg.URL)
	for i := range rows {
		if _, _, other := bag.Source(rows[i].URL); other == path {
			return &rows[i]
		}
	}
	return nil
}
