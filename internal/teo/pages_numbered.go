package teo

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// pageBase is the number of the first page of 2022-01-06, which is documented
// nowhere: the example of its page sends 0, its sibling actions start at 1. It
// is found out by the first list that has to know, and kept.
type pageBase struct{ known atomic.Int32 } // 0: unknown; else base+1

func (b *pageBase) get() (base int, known bool) {
	v := b.known.Load()
	if v == 0 {
		return 1, false
	}
	return int(v - 1), true
}

func (b *pageBase) set(base int) { b.known.Store(int32(base) + 1) } //nolint:gosec // 0 or 1

func (b *pageBase) forget() { b.known.Store(0) }

// readNumbered reads a list whose pages are numbered from an unknown base.
//
// Page 1 exists under either base, so it is asked for first. If pages are
// counted from 0 it is the second one, and the last number that the total gives
// is past the end: that page comes back empty, which is the one wasted request,
// and page 0 holds the missing rows.
func (p *pager[R]) readNumbered(ctx context.Context, memo *pageBase) (*reading[R], error) {
	base, known := memo.get()
	r := new(reading[R])
	if known {
		r.doubt = memo.forget
	}
	first, err := p.fetch(ctx, base)
	if !known && rejectsPage(err) {
		// A service that counts from 0 may refuse the number past the end.
		if zero, zeroErr := p.fetch(ctx, 0); zeroErr == nil {
			memo.set(0)
			base, known, first, err = 0, true, zero, nil
		}
	}
	if err != nil {
		return r, err
	}
	if err := p.take(r, first); err != nil {
		return r, err
	}
	r.size = r.pageSize(p.size, first)
	p.client.progress(ctx, p.action, len(r.rows), r.total)

	next := base + 1
	if !known && first.size == 0 && r.size < p.size {
		// Either all pages are as short as this one, or it is the last of two
		// that are counted from 0. The other one tells.
		if err := p.pageZero(ctx, r, memo, len(first.rows)); err != nil {
			return r, err
		}
		base, known = memo.get()
	}
	if r.total == nil {
		err = p.untilEmpty(ctx, r, next)
	} else {
		err = p.byTotal(ctx, r, base, next, known)
	}
	switch {
	case err != nil, known:
		return r, err
	case r.complete():
		if r.pages > 1 {
			memo.set(base)
		}
		return r, nil
	}
	return r, p.pageZero(ctx, r, memo, len(first.rows))
}

// complete tells whether so many rows came as the service counts.
func (r *reading[R]) complete() bool { return r.total != nil && r.raw >= *r.total }

// byTotal reads the pages from a number on, as many as the total makes.
func (p *pager[R]) byTotal(ctx context.Context, r *reading[R], base, next int, known bool) error {
	if r.complete() {
		return nil
	}
	var rest []int
	end := base + int((*r.total+int64(r.size)-1)/int64(r.size))
	for ; next < end; next++ {
		rest = append(rest, next)
	}
	_, err := p.many(ctx, r, rest)
	var failed pageError
	if !known && errors.As(err, &failed) && failed.at == end-1 && rejected(err) {
		// A service that counts from 0 may refuse the page past the end.
		return nil
	}
	return err
}

// untilEmpty reads page after page, where there is no total to go by. A page
// that repeats the one before it is an end as well: a service may answer every
// number past the end with its last page.
func (p *pager[R]) untilEmpty(ctx context.Context, r *reading[R], next int) error {
	if r.raw == 0 {
		return nil
	}
	for last := r.rows; ; next++ {
		got, err := p.fetch(ctx, next)
		if err != nil {
			return err
		}
		// With a row a page, it may be a row that the service lists twice.
		if p.size > 1 && len(got.rows) > 0 && p.distinct(last, got.rows) == p.distinct(last) {
			r.repeated, r.requestID = true, got.requestID
			return nil
		}
		p.client.progress(ctx, p.action, len(r.rows)+len(got.rows), got.total)
		if err := p.take(r, got); err != nil || len(got.rows) == 0 {
			return err
		}
		last = got.rows
	}
}

// pageZero reads page 0, which a service that counts from 1 refuses, answers
// with nothing, or takes for page 1, whose rows are the first that r has: then
// they count for nothing.
func (p *pager[R]) pageZero(ctx context.Context, r *reading[R], memo *pageBase, first int) error {
	got, err := p.fetch(ctx, 0)
	if rejected(err) {
		got, err = page[R]{requestID: r.requestID}, nil
	}
	if err != nil {
		return err
	}
	pageOne, more := r.rows[:first], r.pages > 0
	switch {
	case p.distinct(pageOne, got.rows) > p.distinct(pageOne):
		memo.set(0)
		r.backward = more && got.total == nil
		r.size = max(r.size, min(len(got.rows), p.size))
	case r.total == nil && len(got.rows) == 1 && r.pages > 1 && r.largest == 1:
		// With a row a page, page 1 may as well have shifted onto page 0. The row
		// stays as one that came twice, which no count explains.
	default:
		if more {
			memo.set(1)
		}
		got.rows = nil
	}
	p.client.progress(ctx, p.action, len(r.rows)+len(got.rows), got.total)
	return p.take(r, got)
}

// distinct counts the rows that are not the same.
func (p *pager[R]) distinct(rows ...[]R) int {
	kept, _ := p.settle(slices.Concat(rows...))
	return len(kept)
}

// rejectsPage tells whether it was the number of the page. What else is wrong with
// a request is wrong with another page too.
func rejectsPage(err error) bool {
	failure := tcapi.AsError(err)
	return rejected(err) && strings.Contains(strings.ToLower(failure.Code+" "+failure.Message), "page")
}

// rejected tells whether the service did not like a parameter.
func rejected(err error) bool {
	failure := tcapi.AsError(err)
	return failure != nil && strings.HasPrefix(failure.Code, "InvalidParameter")
}
