package teo

import (
	"context"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// limits are the page sizes that are tried, one after the other, when the
// service rejects a larger one. The largest allowed once fell from 1000 to 300.
var limits = [...]int{300, 200, 100, 50, 20}

// limitMemo remembers the largest page that the service took.
type limitMemo struct{ most atomic.Int32 } // 0: nothing was rejected yet

// apply lowers a wanted size to what is known to be allowed.
func (m *limitMemo) apply(size int) int {
	if most := int(m.most.Load()); most > 0 {
		return min(size, most)
	}
	return size
}

// keep remembers a size that was taken after a larger one was rejected.
func (m *limitMemo) keep(size int) { m.most.Store(int32(size)) } //nolint:gosec // a few hundred

// lower returns the next smaller size to try, and false if there is none.
func lower(size int) (int, bool) {
	for _, next := range limits {
		if next < size {
			return next, true
		}
	}
	return 0, false
}

// readOffsets reads a list by offset and limit. The total is where to look, but
// not the end: the documented sample counts 1 and lists two. While the last
// page is full, or the count is missing or proven too small, there may be more.
func (p *pager[R]) readOffsets(ctx context.Context, memo *limitMemo) (*reading[R], error) {
	p.size = memo.apply(p.size)
	asked := p.size
	first, err := p.fetch(ctx, 0)
	for rejectsLimit(err) {
		next, ok := lower(p.size)
		if !ok {
			break
		}
		p.size = next
		first, err = p.fetch(ctx, 0)
	}
	if err == nil && p.size < asked {
		memo.keep(p.size)
	}
	r := new(reading[R])
	if err != nil {
		return r, err
	}
	if err := p.take(r, first); err != nil {
		return r, err
	}
	r.size = r.pageSize(p.size, first)
	p.client.progress(ctx, p.action, len(r.rows), r.total)

	var rest []int
	for offset := r.size; r.total != nil && int64(offset) < *r.total; offset += r.size {
		rest = append(rest, offset)
	}
	held, err := p.many(ctx, r, rest)
	if err != nil {
		return r, err
	}
	offset, last := 0, len(first.rows)
	if len(rest) > 0 {
		offset, last = rest[len(rest)-1], held[len(held)-1]
	}
	for last > 0 && (last >= r.size || !r.counted()) {
		offset += min(last, r.size)
		if last, err = p.one(ctx, r, offset); err != nil {
			return r, err
		}
	}
	return r, nil
}

// counted tells whether the service's count can be right.
func (r *reading[R]) counted() bool { return r.total != nil && *r.total >= r.raw }

// limitName is the parameter's name as a word of a message; "the limit of 31
// days" is none.
var limitName = regexp.MustCompile(`\bLimit\b`)

// rejectsLimit tells whether the service refused the page size.
func rejectsLimit(err error) bool {
	if !rejected(err) {
		return false
	}
	failure := tcapi.AsError(err)
	return strings.Contains(failure.Code, "Limit") || limitName.MatchString(failure.Message)
}
