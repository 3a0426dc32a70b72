package teo

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// pageBase is the number of the first page of 2022-01-06. It is not documented:
// the example of DownloadL7Logs sends 0, sibling actions start at 1. The first
// list with several pages finds it out, and the client remembers it.
type pageBase struct{ known atomic.Int32 } // 0: unknown; else base+1

func (b *pageBase) get() (base int, known bool) {
	v := b.known.Load()
	if v == 0 {
		return 1, false
	}
	return int(v - 1), true
}

func (b *pageBase) set(base int) { b.known.Store(int32(base) + 1) } // 0 or 1

func (b *pageBase) forget() { b.known.Store(0) }

// readNumbered reads a list whose pages are numbered from an unknown base.
//
// Page 1 exists with either base, so it is requested first. If the first page is
// page 0, page 1 is the second one, and the last page number computed from the
// count is past the end: that page is empty (one wasted request), and the missing
// rows are on page 0.
func (p *pager[R]) readNumbered(ctx context.Context, memo *pageBase, pageSize int) (*reading[R], error) {
	base, known := memo.get()
	r := &reading[R]{asked: pageSize}
	if known {
		r.forget = memo.forget
	}
	first, err := p.fetch(ctx, pageRequest{at: base, size: r.asked})
	if !known && rejectsPage(err) {
		// A service that counts from 0 may reject a page number past the end.
		if zero, zeroErr := p.fetch(ctx, pageRequest{at: 0, size: r.asked}); zeroErr == nil {
			memo.set(0)
			base, known, first, err = 0, true, zero, nil
		}
	}
	if err != nil {
		return r, err
	}
	if err := p.add(r, first); err != nil {
		return r, err
	}
	r.size = r.fullPage(first)
	p.client.progress(ctx, p.action, len(r.rows), r.total)

	next := base + 1
	if !known && first.size == 0 && r.size < r.asked {
		// Either all pages are as short as this one, or it is the last of two
		// pages that are counted from 0. Page 0 decides.
		if err := p.readPageZero(ctx, r, memo, len(first.rows)); err != nil {
			return r, err
		}
		base, known = memo.get()
	}
	if r.total != nil {
		next, err = p.readByTotal(ctx, r, base, next, known)
		p.checkTotal(r)
	}
	if err == nil && (r.total == nil || r.raw > *r.total) {
		// The count does not say where the list ends: there is none, or it counts
		// rows once that the service lists twice, or it is too small.
		err = p.readUntilEmpty(ctx, r, next)
	}
	switch {
	case err != nil, known:
		return r, err
	case r.totalReceived():
		if r.pages > 1 {
			memo.set(base)
		}
		return r, nil
	}
	return r, p.readPageZero(ctx, r, memo, len(first.rows))
}

// totalReceived reports whether at least as many rows came as the service counts.
func (r *reading[R]) totalReceived() bool { return r.total != nil && r.raw >= *r.total }

// checkTotal drops a total that is smaller than the number of rows. The documented
// sample of DownloadL7Logs counts none and lists one.
func (p *pager[R]) checkTotal(r *reading[R]) {
	if r.raw > *r.total && int64(p.order.countDistinct(r.rows)) > *r.total {
		r.total, r.ignoreTotal = nil, true
	}
}

// readByTotal reads the pages from next on, as many as the total implies, and
// returns the number of the page after them.
func (p *pager[R]) readByTotal(ctx context.Context, r *reading[R], base, next int, known bool) (int, error) {
	if r.totalReceived() {
		return next, nil
	}
	var rest []int
	end := base + int((*r.total+int64(r.size)-1)/int64(r.size))
	for ; next < end; next++ {
		rest = append(rest, next)
	}
	_, err := p.readMany(ctx, r, rest)
	var failed pageError
	if !known && errors.As(err, &failed) && failed.at == end-1 && isInvalidParameter(err) {
		// A service that counts from 0 may reject the page past the end.
		return next, nil
	}
	return next, err
}

// readUntilEmpty reads page after page when no total says how many there are. A page that repeats
// the one before it also ends the list: a service may answer every page number
// past the end with its last page.
func (p *pager[R]) readUntilEmpty(ctx context.Context, r *reading[R], next int) error {
	if r.raw == 0 {
		return nil
	}
	for last := r.rows; ; next++ {
		got, err := p.fetch(ctx, pageRequest{at: next, size: r.asked})
		if err != nil {
			return err
		}
		// With one row a page, it may be a row that the service lists twice.
		if r.asked > 1 && len(got.rows) > 0 && p.order.countDistinct(last, got.rows) == p.order.countDistinct(last) {
			r.repeated, r.requestID = true, got.requestID
			return nil
		}
		p.client.progress(ctx, p.action, len(r.rows)+len(got.rows), got.total)
		if err := p.add(r, got); err != nil || len(got.rows) == 0 {
			return err
		}
		if r.total != nil {
			p.checkTotal(r)
		}
		last = got.rows
	}
}

// readPageZero reads page 0. A service that counts from 1 rejects it, answers with
// an empty page, or answers with page 1: then its rows are the first rows of r and
// are ignored.
func (p *pager[R]) readPageZero(ctx context.Context, r *reading[R], memo *pageBase, first int) error {
	got, err := p.fetch(ctx, pageRequest{at: 0, size: r.asked})
	if isInvalidParameter(err) {
		got, err = page[R]{requestID: r.requestID}, nil
	}
	if err != nil {
		return err
	}
	pageOne, more := r.rows[:first], r.pages > 0
	switch {
	case p.order.countDistinct(pageOne, got.rows) > p.order.countDistinct(pageOne):
		memo.set(0)
		r.backward = more && (got.total == nil || r.ignoreTotal)
		r.size = max(r.size, min(len(got.rows), r.asked))
	case r.total == nil && len(got.rows) == 1 && r.pages > 1 && r.largest == 1:
		// With one row a page, page 1 may as well have moved to page 0. The row is
		// kept as a duplicate, which no count explains.
	default:
		if more {
			memo.set(1)
		}
		got.rows = nil
	}
	p.client.progress(ctx, p.action, len(r.rows)+len(got.rows), got.total)
	return p.add(r, got)
}

// rejectsPage reports whether the service rejected the page number. If it rejected
// something else, another page number would not help.
func rejectsPage(err error) bool {
	failure := tcapi.AsError(err)
	return isInvalidParameter(err) && strings.Contains(strings.ToLower(failure.Code+" "+failure.Message), "page")
}

// isInvalidParameter reports whether the service rejected a parameter.
func isInvalidParameter(err error) bool {
	failure := tcapi.AsError(err)
	return failure != nil && strings.HasPrefix(failure.Code, "InvalidParameter")
}
