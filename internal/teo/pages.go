package teo

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// rereadings is how often a list is read again when its pages do not agree.
const rereadings = 3

// page is one answer, whichever action and version it came from.
type page[R any] struct {
	rows      []R
	total     *int64 // the service's count of all rows; nil where it gave none
	size      int64  // the page size that the service says it kept to; 0 where it does not
	pages     int64  // the service's count of pages; 0 where it gave none
	requestID string
}

// pager reads every page of one list. Two numberings exist: by page (see
// readNumbered) and by offset (see readOffsets).
type pager[R any] struct {
	client *Client
	action tcapi.Action
	size   int // rows asked for
	most   int // more is a TooManyError

	// fetch reads the page with a number, or from an offset on.
	fetch func(ctx context.Context, at int) (page[R], error)

	// settle orders the rows in place and takes out those that came twice; same
	// tells whether two rows are one.
	settle func([]R) (kept, twice []R)
	same   func(a, b R) bool

	// countIsFloor: there may be more rows than the service counts.
	countIsFloor bool
}

// reading is one pass over a list.
type reading[R any] struct {
	rows      []R
	twice     []R    // rows that came again, once the rows are settled
	raw       int64  // rows that came, with those that came twice
	total     *int64 // the service's count, from the first page that had one
	announced int64  // its count of pages
	pages     int    // pages with rows
	size      int    // rows of a full page
	largest   int    // rows of the largest page
	requestID string // of the last page, by number

	// backward: page 0 was read after others and said no count, so that what was added in between
	// can push a row from there to a page that was read already, unseen.
	backward bool

	// repeated: the end was a page that brought nothing new. It is left out of
	// the rows, and may be one that others were pushed off.
	repeated bool

	// doubt, if not nil, forgets what the reading took for granted.
	doubt func()
}

// errChanged means that the count changed from one page to the next.
type errChanged struct{ from, to int64 }

func (errChanged) Error() string { return "the number of entries changed between two pages" }

// all reads the list with read, again if the pages do not agree.
func (p *pager[R]) all(ctx context.Context, read func(context.Context) (*reading[R], error)) (*reading[R], error) {
	var before *reading[R]
	for n := 1; ; n++ {
		r, err := read(ctx)
		incomplete := &IncompleteError{Action: p.action.Name, Readings: n, RequestID: r.requestID}
		var changed errChanged
		switch {
		case errors.As(err, &changed):
			incomplete.Read, incomplete.Before, incomplete.Total = int64(len(r.rows)), changed.from, changed.to
			r = nil
		case err != nil:
			return nil, err
		default:
			r.rows, r.twice = p.settle(r.rows)
			if r.pages > 1 {
				// The service may have kept to less than was asked for.
				r.size = min(r.size, r.largest)
			}
			if p.whole(r, before) {
				return r, nil
			}
			if r.doubt != nil {
				r.doubt()
			}
			incomplete.Read, incomplete.Before, incomplete.Total = int64(len(r.rows)), -1, r.expected()
			incomplete.Overlap = p.enough(r) && (r.total == nil || r.raw > *r.total)
			if len(r.twice) > 0 || r.repeated {
				p.size = otherSize(r.size)
			}
		}
		if n > rereadings {
			return nil, incomplete
		}
		before = r
	}
}

// otherSize is a page size unlike the one that gave rows twice. It tells rows
// that the service lists twice from pages that overlap; see whole.
func otherSize(size int) int {
	if size == 1 {
		return 2
	}
	return size - max(1, size/3)
}

// expected is the service's count, or the least that its pages can hold.
func (r *reading[R]) expected() int64 {
	switch {
	case r.total != nil:
		return *r.total
	case r.announced > 1:
		return max(r.raw, (r.announced-1)*int64(r.size)+1)
	}
	return r.raw
}

// whole tells whether the rows are all that there are.
func (p *pager[R]) whole(r, before *reading[R]) bool {
	if !p.enough(r) || !p.doubtful(r) {
		return p.enough(r)
	}
	// Rows came twice, and no count says that they should not. Either the service
	// lists them twice, or pages overlap and as many rows were skipped. With
	// pages of another size only the former gives the same rows twice again.
	if before == nil || !p.enough(before) || r.size == before.size || !slices.EqualFunc(r.rows, before.rows, p.same) {
		return false
	}
	return r.agrees() || slices.EqualFunc(r.twice, before.twice, p.same)
}

// agrees tells whether so many rows are there as the service counts.
func (r *reading[R]) agrees() bool { return r.total != nil && int64(len(r.rows)) == *r.total }

// enough tells whether the service counts no more rows than came.
func (p *pager[R]) enough(r *reading[R]) bool {
	if r.total == nil {
		// Nothing to compare with but the count of pages.
		return int64(r.pages) >= r.announced
	}
	return r.agrees() || r.raw == *r.total || p.countIsFloor && int64(len(r.rows)) > *r.total
}

// doubtful tells whether enough rows may still not be all: some came again, and
// the service's count is none that could tell what they came in place of.
func (p *pager[R]) doubtful(r *reading[R]) bool {
	if r.backward || r.repeated && r.total == nil && r.announced == 0 {
		return true
	}
	return len(r.twice) > 0 && (p.countIsFloor || !r.agrees())
}

// take adds a page to the reading.
func (p *pager[R]) take(r *reading[R], got page[R]) error {
	r.requestID = got.requestID
	if got.total != nil {
		if r.total != nil && *r.total != *got.total {
			return errChanged{*r.total, *got.total}
		}
		r.total = got.total
	}
	if len(got.rows) > 0 {
		r.pages++
	}
	r.announced = max(r.announced, got.pages)
	r.raw += int64(len(got.rows))
	r.largest = max(r.largest, len(got.rows))
	if r.rows == nil {
		r.rows = make([]R, 0, p.room(r, len(got.rows)))
	}
	r.rows = append(r.rows, got.rows...)
	return p.bound(r)
}

// room is how many rows to make room for; the count is not trusted far.
func (p *pager[R]) room(r *reading[R], rows int) int {
	room := int(min(max(r.expected(), 0), DefaultMaxPackages))
	return max(room, rows)
}

// bound stops at more rows than are wanted, by the count where there is one.
func (p *pager[R]) bound(r *reading[R]) error {
	count, atLeast := int64(len(r.rows)), true
	if r.total != nil && (!p.countIsFloor || *r.total >= count) {
		count, atLeast = *r.total, false
	}
	if count > int64(p.most) {
		return &TooManyError{Action: p.action.Name, Total: count, AtLeast: atLeast, Most: p.most}
	}
	return nil
}

// one reads a single page into r and returns how many rows it held.
func (p *pager[R]) one(ctx context.Context, r *reading[R], at int) (int, error) {
	got, err := p.fetch(ctx, at)
	if err != nil {
		return 0, err
	}
	p.client.progress(ctx, p.action, len(r.rows)+len(got.rows), got.total)
	return len(got.rows), p.take(r, got)
}

// many reads pages in parallel into r and returns how many rows each held. Only
// one of them waits in the limiter's queue at a time, so that other lists get
// their turn.
func (p *pager[R]) many(ctx context.Context, r *reading[R], at []int) ([]int, error) {
	held := make([]int, len(at))
	if len(at) == 0 {
		return held, nil
	}
	var (
		mu   sync.Mutex
		last int
		id   = r.requestID
	)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(tcapi.MaxInFlight)
	for i, n := range at {
		if err := p.client.api.Admit(groupCtx, p.action); err != nil {
			// A page that failed has ended the group's context and is the error
			// to tell.
			if failed := group.Wait(); failed != nil {
				err = failed
			}
			return nil, err
		}
		group.Go(func() error {
			got, err := p.fetch(tcapi.Admitted(groupCtx), n)
			if err != nil {
				return pageError{n, err}
			}
			mu.Lock()
			defer mu.Unlock()
			if n > last {
				last, id = n, got.requestID
			}
			held[i] = len(got.rows)
			err = p.take(r, got)
			p.client.progress(ctx, p.action, len(r.rows), r.total)
			return err
		})
	}
	err := group.Wait()
	r.requestID = id
	return held, err
}

// pageError tells which page failed.
type pageError struct {
	at  int
	err error
}

func (e pageError) Error() string { return e.err.Error() }
func (e pageError) Unwrap() error { return e.err }

// pageSize is the number of rows of a full page: what the service says it kept
// to, else what it gave although there is more.
func (r *reading[R]) pageSize(asked int, first page[R]) int {
	switch {
	case first.size > 0 && first.size <= int64(asked):
		return int(first.size)
	case len(first.rows) > 0 && len(first.rows) < asked && r.total != nil && *r.total > int64(len(first.rows)):
		return len(first.rows)
	}
	return asked
}
