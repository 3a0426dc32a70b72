package teo

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// A pager reads a list page by page, checks that the pages fit together, and
// reads the list again where they do not:
//
//	state      what happened                          next state
//	reading    an API error, or more than maxRows     failed
//	reading    the count differs between two pages    reading, same page size
//	reading    fewer rows than the service counts     reading; the numbering of pages is found anew
//	reading    duplicates that no count explains      reading, another page size
//	reading    the same rows and the same duplicates  done
//	           with two different page sizes
//	reading    as many rows as the service counts     done
//	reading    for the fifth time                     failed with IncompleteError
//
// Duplicates have two possible causes. Either the service lists a row twice, or
// the list shifted while it was read, so that one row moved to the next page and
// was read twice, or another one moved to a page already read and was missed.
// Only a reading with another page size can tell these apart.

// maxRereads is how often a list is read again when its pages do not agree.
const maxRereads = 3

// rowOrder compares the rows of a list.
type rowOrder[R any] struct {
	// compare orders rows; rows that are the same are neighbours.
	compare func(a, b R) int
	// same reports whether two rows describe the same thing.
	same func(a, b R) bool
	// identified, if not nil, reports whether a row can be a duplicate. A row that
	// lacks what same compares is always kept.
	identified func(R) bool
	// newer reports whether a replaces its duplicate b; if nil, the row that was
	// read first is kept.
	newer func(a, b R) bool
}

// sortAndDeduplicate sorts rows in place and separates the duplicates.
func (o rowOrder[R]) sortAndDeduplicate(rows []R) (kept, duplicates []R) {
	slices.SortStableFunc(rows, o.compare)
	kept = rows[:0]
	for _, row := range rows {
		if n := len(kept); n > 0 && o.same(kept[n-1], row) && (o.identified == nil || o.identified(row)) {
			if o.newer != nil && o.newer(row, kept[n-1]) {
				kept[n-1], row = row, kept[n-1]
			}
			duplicates = append(duplicates, row)
			continue
		}
		kept = append(kept, row)
	}
	clear(rows[len(kept):])
	return kept, duplicates
}

// countDistinct returns the number of different rows.
func (o rowOrder[R]) countDistinct(rows ...[]R) int {
	kept, _ := o.sortAndDeduplicate(slices.Concat(rows...))
	return len(kept)
}

// pageRequest says which page to request.
type pageRequest struct {
	at   int // number of the page, or offset of its first row
	size int // rows to request

	// options are for tcapi.Call.
	options []tcapi.CallOption
}

// page is one response of a list action, in any version of the API.
type page[R any] struct {
	rows      []R
	total     *int64 // the service's count of all rows; nil if it gave none
	size      int64  // the page size that the service applied; 0 if it did not say
	pages     int64  // the service's count of pages; 0 if it gave none
	requestID string
}

// pager reads every page of one list. Pages are requested by number (see
// readNumbered) or by offset (see readOffsets).
type pager[R any] struct {
	client   *Client
	action   tcapi.Action
	pageSize int // rows to request at once
	maxRows  int // a longer list is a TooManyError
	order    rowOrder[R]

	// fetch requests one page.
	fetch func(context.Context, pageRequest) (page[R], error)

	// countIsMinimum: the service may count fewer rows than it lists.
	countIsMinimum bool
}

// reading is one pass over a list.
type reading[R any] struct {
	asked      int // rows requested at once
	rows       []R
	duplicates []R    // duplicate rows, after sorting
	raw        int64  // rows received, including duplicates
	total      *int64 // the service's count, from the first page that had one
	announced  int64  // its count of pages
	pages      int    // pages with rows
	size       int    // rows of a full page
	largest    int    // rows of the largest page
	requestID  string // of the last page, by number

	// backward: page 0 was read after later pages and gave no count. A package
	// added in between can have moved a row from page 0 to a page already read.
	backward bool

	// repeated: the list ended with a page that repeated the one before it. That
	// page is not part of the rows. It may have hidden a page that was pushed back.
	repeated bool

	// ignoreTotal: the service's count was smaller than the number of rows, so it
	// is wrong and counts as missing.
	ignoreTotal bool

	// forget, if not nil, drops what this reading assumed about the numbering of
	// pages.
	forget func()
}

// errCountChanged means that the service's count changed between two pages.
type errCountChanged struct{ from, to int64 }

func (errCountChanged) Error() string { return "the number of entries changed between two pages" }

// all reads the list with read, and reads it again while the pages do not agree.
func (p *pager[R]) all(ctx context.Context, read func(ctx context.Context, pageSize int) (*reading[R], error)) (*reading[R], error) {
	pageSize := p.pageSize
	var previous *reading[R]
	for n := 1; ; n++ {
		r, err := read(ctx, pageSize)
		incomplete := &IncompleteError{Action: p.action.Name, Readings: n, RequestID: r.requestID}
		var changed errCountChanged
		switch {
		case errors.As(err, &changed):
			incomplete.Read, incomplete.Before, incomplete.Total = int64(len(r.rows)), changed.from, changed.to
			r = nil
		case err != nil:
			return nil, err
		default:
			r.rows, r.duplicates = p.order.sortAndDeduplicate(r.rows)
			if r.pages > 1 {
				// The service may have applied a smaller page size than requested.
				r.size = min(r.size, r.largest)
			}
			if p.isComplete(r, previous) {
				return r, nil
			}
			if r.forget != nil {
				r.forget()
			}
			incomplete.Read, incomplete.Before, incomplete.Total = int64(len(r.rows)), -1, r.expected()
			incomplete.Overlap = p.countReached(r) && (r.total == nil || r.raw > *r.total)
			if len(r.duplicates) > 0 || r.repeated {
				pageSize = otherPageSize(r.size)
			}
		}
		if n > maxRereads {
			return nil, incomplete
		}
		previous = r
	}
}

// otherPageSize returns a page size different from the one that gave duplicates.
func otherPageSize(size int) int {
	if size == 1 {
		return 2
	}
	return size - max(1, size/3)
}

// expected is the service's count of rows, or the least that its count of pages
// implies.
func (r *reading[R]) expected() int64 {
	if r.total != nil {
		return *r.total
	}
	return max(r.raw, (r.announced-1)*int64(r.size)+1)
}

// isComplete reports whether the reading has every row of the list. previous is
// the reading before this one, or nil.
func (p *pager[R]) isComplete(r, previous *reading[R]) bool {
	if !p.countReached(r) || !p.isUncertain(r) {
		return p.countReached(r)
	}
	// There are duplicates, and no count explains them: see the comment at the
	// head of this file.
	if previous == nil || !p.countReached(previous) || r.size == previous.size || !slices.EqualFunc(r.rows, previous.rows, p.order.same) {
		return false
	}
	return r.matchesCount() || slices.EqualFunc(r.duplicates, previous.duplicates, p.order.same)
}

// matchesCount reports whether there are exactly as many rows as the service counts.
func (r *reading[R]) matchesCount() bool { return r.total != nil && int64(len(r.rows)) == *r.total }

// countReached reports whether there are at least as many rows as the service counts.
func (p *pager[R]) countReached(r *reading[R]) bool {
	if r.total == nil {
		// The count of pages is the only one to compare with.
		return int64(r.pages) >= r.announced
	}
	return r.matchesCount() || r.raw == *r.total || p.countIsMinimum && int64(len(r.rows)) > *r.total
}

// isUncertain reports whether rows may be missing although the count is reached:
// there are duplicates, and the count cannot tell whether they replaced others.
func (p *pager[R]) isUncertain(r *reading[R]) bool {
	if r.backward || r.repeated && r.total == nil && r.announced == 0 {
		return true
	}
	return len(r.duplicates) > 0 && (p.countIsMinimum || !r.matchesCount())
}

// add adds a page to the reading.
func (p *pager[R]) add(r *reading[R], got page[R]) error {
	r.requestID = got.requestID
	if got.total != nil && !r.ignoreTotal {
		if r.total != nil && *r.total != *got.total {
			return errCountChanged{*r.total, *got.total}
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
		r.rows = make([]R, 0, r.capacity(len(got.rows)))
	}
	r.rows = append(r.rows, got.rows...)
	return p.checkLength(r)
}

// capacity is the number of rows to allocate. The service's count is used only up
// to a bound, because it can be wrong.
func (r *reading[R]) capacity(rows int) int {
	return max(int(min(r.expected(), DefaultMaxPackages)), rows)
}

// checkLength fails if the list is longer than maxRows, by the service's count if
// there is one. Duplicate rows can exceed that count, up to a bound.
func (p *pager[R]) checkLength(r *reading[R]) error {
	count, atLeast := int64(len(r.rows)), true
	if r.total != nil && (*r.total >= count || !p.countIsMinimum && count <= 2*int64(p.maxRows)) {
		count, atLeast = *r.total, false
	}
	if count > int64(p.maxRows) {
		return &TooManyError{Action: p.action.Name, Total: count, AtLeast: atLeast, Most: p.maxRows}
	}
	return nil
}

// readOne adds a single page to r and returns the number of its rows.
func (p *pager[R]) readOne(ctx context.Context, r *reading[R], at int) (int, error) {
	got, err := p.fetch(ctx, pageRequest{at: at, size: r.asked})
	if err != nil {
		return 0, err
	}
	p.client.progress(ctx, p.action, len(r.rows)+len(got.rows), got.total)
	return len(got.rows), p.add(r, got)
}

// readMany adds pages to r, reading them in parallel, and returns the number of
// rows of each. Only one of them waits for the rate limit at a time, so that other
// lists get their turn.
func (p *pager[R]) readMany(ctx context.Context, r *reading[R], at []int) ([]int, error) {
	counts := make([]int, len(at))
	if len(at) == 0 {
		return counts, nil
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
			_ = group.Wait() // if a page failed, its error is the cause, and err
			return nil, err
		}
		group.Go(func() error {
			got, err := p.fetch(groupCtx, pageRequest{at: n, size: r.asked, options: []tcapi.CallOption{tcapi.Admitted()}})
			if err != nil {
				return pageError{n, err}
			}
			mu.Lock()
			defer mu.Unlock()
			if n > last {
				last, id = n, got.requestID
			}
			counts[i] = len(got.rows)
			err = p.add(r, got)
			p.client.progress(ctx, p.action, len(r.rows), r.total)
			return err
		})
	}
	err := group.Wait()
	r.requestID = id
	return counts, err
}

// pageError adds to an error which page failed.
type pageError struct {
	at  int
	err error
}

func (e pageError) Error() string { return e.err.Error() }
func (e pageError) Unwrap() error { return e.err }

// fullPage returns the number of rows of a full page: the size that the service
// says it applied, or else the size of a first page that has more behind it.
func (r *reading[R]) fullPage(first page[R]) int {
	switch {
	case first.size > 0 && first.size <= int64(r.asked):
		return int(first.size)
	case len(first.rows) > 0 && len(first.rows) < r.asked && r.total != nil && *r.total > int64(len(first.rows)):
		return len(first.rows)
	}
	return r.asked
}
