package teo

import (
	"context"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// offsetList describes a list that an action of 2022-09-01 returns by offset and
// limit.
type offsetList[R any] struct {
	action   tcapi.Action
	pageSize int // the documented maximum of Limit, or less
	maxRows  int // a longer list is a TooManyError
	order    rowOrder[R]

	// fetch requests the rows from r.at on, at most r.size of them. It passes
	// r.options on to tcapi.Call.
	fetch func(ctx context.Context, r pageRequest) (page[R], error)

	// accepted, if not nil, remembers the page size that the service accepted, for
	// later lists of the same action.
	accepted *acceptedLimit
}

// listByOffset returns every row of a list that is paged by offset: sorted,
// without duplicates, and not fewer than the service counts. The first page is
// read alone, the others in parallel under the rate limit. Pages that do not agree
// are read again. Besides the errors of fetch there are *IncompleteError and
// *TooManyError.
func listByOffset[R any](ctx context.Context, c *Client, list offsetList[R]) (*reading[R], error) {
	p := &pager[R]{
		client: c, action: list.action, pageSize: list.pageSize, maxRows: list.maxRows,
		order: list.order, fetch: list.fetch, countIsMinimum: true,
	}
	accepted := list.accepted
	if accepted == nil {
		accepted = new(acceptedLimit)
	}
	return p.all(ctx, func(ctx context.Context, pageSize int) (*reading[R], error) {
		return p.readOffsets(ctx, accepted, pageSize)
	})
}

// limitSteps are the page sizes to try, one after the other, when the service
// rejects a larger one. The maximum fell from 1000 to 300 in 2023.
var limitSteps = [...]int{300, 200, 100, 50, 20}

// acceptedLimit remembers the largest page size that the service accepted.
type acceptedLimit struct{ size atomic.Int32 } // 0: nothing was rejected yet

// cap lowers a page size to what is known to be accepted.
func (a *acceptedLimit) cap(size int) int {
	if accepted := int(a.size.Load()); accepted > 0 {
		return min(size, accepted)
	}
	return size
}

// store remembers a size that was accepted after a larger one was rejected.
func (a *acceptedLimit) store(size int) { a.size.Store(int32(size)) } // a few hundred

// nextLimit returns the next smaller page size to try, and false if there is none.
func nextLimit(size int) (int, bool) {
	for _, next := range limitSteps {
		if next < size {
			return next, true
		}
	}
	return 0, false
}

// readOffsets reads a list by offset and limit. The total says which pages to
// request, but not where the list ends: the documented sample counts 1 and lists
// two rows. While the last page is full, or the total is missing or too small,
// there may be more.
func (p *pager[R]) readOffsets(ctx context.Context, accepted *acceptedLimit, pageSize int) (*reading[R], error) {
	r := &reading[R]{asked: accepted.cap(pageSize)}
	wanted := r.asked
	first, err := p.fetch(ctx, pageRequest{size: r.asked})
	for rejectsLimit(err) {
		next, ok := nextLimit(r.asked)
		if !ok {
			break
		}
		r.asked = next
		first, err = p.fetch(ctx, pageRequest{size: r.asked})
	}
	if err == nil && r.asked < wanted {
		accepted.store(r.asked)
	}
	if err != nil {
		return r, err
	}
	if err := p.add(r, first); err != nil {
		return r, err
	}
	r.size = r.fullPage(first)
	p.client.progress(ctx, p.action, len(r.rows), r.total)

	var rest []int
	for offset := r.size; r.total != nil && int64(offset) < *r.total; offset += r.size {
		rest = append(rest, offset)
	}
	counts, err := p.readMany(ctx, r, rest)
	if err != nil {
		return r, err
	}
	offset, last := 0, len(first.rows)
	if len(rest) > 0 {
		offset, last = rest[len(rest)-1], counts[len(counts)-1]
	}
	for last > 0 && (last >= r.size || !r.totalPossible()) {
		offset += min(last, r.size)
		if last, err = p.readOne(ctx, r, offset); err != nil {
			return r, err
		}
	}
	return r, nil
}

// totalPossible reports whether the service's count can be right.
func (r *reading[R]) totalPossible() bool { return r.total != nil && *r.total >= r.raw }

// limitName matches the name of the parameter in a message, but not "the limit of
// 31 days".
var limitName = regexp.MustCompile(`\bLimit\b`)

// rejectsLimit reports whether the service rejected the page size.
func rejectsLimit(err error) bool {
	if !isInvalidParameter(err) {
		return false
	}
	failure := tcapi.AsError(err)
	return strings.Contains(failure.Code, "Limit") || limitName.MatchString(failure.Message)
}
