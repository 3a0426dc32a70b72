package teo

import (
	"context"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// L7Logs lists the layer-7 log packages of a window.
//
// The version of the API is the pinned one. Where none is pinned, zone IDs mean
// 2022-09-01; without them 2022-01-06 is asked, and when the service answers
// that it is gone, this client goes over to 2022-09-01 for good.
//
// Errors: *tcapi.Error, *IncompleteError, *TooManyError, *UnknownZonesError,
// those of the key source, the context's cause, or that DescribeZones listed a
// zone without an ID.
func (c *Client) L7Logs(ctx context.Context, q Query) (*Listing, error) {
	if c.version(q) == Version20220106 {
		listing, err := c.numbered(ctx, q)
		failure := tcapi.AsError(err)
		if failure == nil || failure.Class != tcapi.Gone || c.opts.APIVersion != "" {
			return listing, err
		}
		c.over.CompareAndSwap(nil, &ChangeOver{Code: failure.Code, RequestID: failure.RequestID})
	}
	listing, err := c.current(ctx, L7, q)
	if over := c.over.Load(); err == nil && over != nil && len(q.ZoneIDs) == 0 && c.overTold.CompareAndSwap(false, true) {
		listing.ChangedOver = over
	}
	return listing, err
}

// L4Logs lists the layer-4 log packages of a window, always with 2022-09-01.
// Its errors are those of L7Logs.
func (c *Client) L4Logs(ctx context.Context, q Query) (*Listing, error) {
	return c.current(ctx, L4, q)
}

// version is the version of the API that answers a query of layer 7.
func (c *Client) version(q Query) string {
	switch {
	case c.opts.APIVersion != "":
		return c.opts.APIVersion
	case len(q.ZoneIDs) > 0, c.over.Load() != nil:
		return Version20220901
	}
	return Version20220106
}

// numbered lists with 2022-01-06.
func (c *Client) numbered(ctx context.Context, q Query) (*Listing, error) {
	p := logPager(c, downloadL7LogsOld, q)
	start, end := q.wireWindow()
	p.fetch = func(ctx context.Context, at int) (page[Package], error) {
		return c.fetchNumbered(ctx, numberedRequest{
			StartTime: start, EndTime: end, PageSize: p.size, PageNo: at, Zones: q.Zones, Domains: q.Hosts,
		})
	}
	r, err := p.all(ctx, func(ctx context.Context) (*reading[Package], error) { return p.readNumbered(ctx, &c.base) })
	if err != nil {
		return nil, err
	}
	listing := newListing(r, Version20220106)
	if len(r.rows) == 0 {
		if listing.RootDomains = intersect(q.Hosts, q.Zones); listing.RootDomains == nil {
			listing.RootDomains = c.rootDomains(ctx, q)
		}
	}
	return listing, nil
}

// current lists with 2022-09-01.
func (c *Client) current(ctx context.Context, layer Layer, q Query) (*Listing, error) {
	zoneIDs, err := c.zoneIDs(ctx, q)
	if err != nil {
		return nil, err
	}
	if len(zoneIDs) == 0 {
		// An account without a zone has no logs; to send no zone would be to
		// ask for nothing as well.
		return &Listing{APIVersion: Version20220901, PageSize: c.limits.apply(min(q.pageSize(), limits[0]))}, nil
	}
	action := downloadL7Logs
	request := offsetRequest{ZoneIDs: zoneIDs, Domains: q.Hosts}
	if layer == L4 {
		action = downloadL4Logs
		request.Domains, request.ProxyIDs = nil, q.Hosts
	}
	request.StartTime, request.EndTime = q.wireWindow()

	p := logPager(c, action, q)
	p.size, p.countIsFloor = min(p.size, limits[0]), true
	p.fetch = func(ctx context.Context, at int) (page[Package], error) {
		request := request
		request.Limit, request.Offset = p.size, at
		return c.fetchOffset(ctx, action, request)
	}
	r, err := p.all(ctx, func(ctx context.Context) (*reading[Package], error) { return p.readOffsets(ctx, &c.limits) })
	if err != nil {
		return nil, err
	}
	listing := newListing(r, Version20220901)
	if len(r.rows) == 0 && layer == L7 {
		listing.RootDomains = c.rootDomains(ctx, q)
	}
	return listing, nil
}

func (q *Query) pageSize() int {
	if q.PageSize > 0 {
		return q.PageSize
	}
	return DefaultPageSize
}

func logPager(c *Client, action tcapi.Action, q Query) *pager[Package] {
	most := q.MaxPackages
	if most <= 0 {
		most = DefaultMaxPackages
	}
	return &pager[Package]{
		client: c, action: action, size: q.pageSize(), most: most,
		settle: settlePackages, same: samePackage,
	}
}

// settlePackages puts packages in order and keeps the larger one of two that
// are the same: packages grow, so it is the newer row. Rows without a name have
// no identity and all stay.
func settlePackages(rows []Package) (kept, twice []Package) {
	slices.SortStableFunc(rows, ByTime)
	kept = rows[:0]
	for _, row := range rows {
		if n := len(kept); n > 0 && row.Name != "" && samePackage(kept[n-1], row) {
			if size(row) > size(kept[n-1]) {
				kept[n-1], row = row, kept[n-1]
			}
			twice = append(twice, row)
			continue
		}
		kept = append(kept, row)
	}
	clear(rows[len(kept):])
	return kept, twice
}

func samePackage(a, b Package) bool { return a.Identity() == b.Identity() }

func size(p Package) int64 {
	if p.Size == nil {
		return -1
	}
	return *p.Size
}

func newListing(r *reading[Package], version string) *Listing {
	if r.total != nil && r.raw == *r.total {
		r.rows = otherHosts(r.rows, r.twice)
	}
	l := &Listing{
		Packages: r.rows, TotalCount: int64(len(r.rows)), Pages: r.pages, PageSize: r.size,
		APIVersion: version, RequestID: r.requestID,
	}
	if r.total != nil {
		l.TotalCount = max(l.TotalCount, *r.total)
	}
	for i := range l.Packages {
		l.TotalBytes += max(0, size(l.Packages[i]))
		if l.Packages[i].Name == "" {
			l.Nameless++
		}
	}
	return l
}

// otherHosts puts rows back that came twice by their identity, are counted as
// two, and have URLs on different hosts: without an area, nothing else may tell
// the packages of two areas apart. It is not part of the identity, for one
// package can be served by one host today and by another tomorrow.
func otherHosts(rows, twice []Package) []Package {
	listed := len(rows)
	for _, row := range twice {
		at, found := slices.BinarySearchFunc(rows[:listed], row, ByTime)
		if !found || row.Area != "" || row.sourceHost() == rows[at].sourceHost() {
			continue
		}
		known := func(p Package) bool { return samePackage(p, row) && p.sourceHost() == row.sourceHost() }
		if !slices.ContainsFunc(rows[listed:], known) {
			rows = append(rows, row)
		}
	}
	if len(rows) > listed {
		slices.SortStableFunc(rows, ByTime)
	}
	return rows
}

// intersect returns the names that are in both, in the order of the first.
func intersect(a, b []string) []string {
	var both []string
	for _, s := range a {
		if slices.ContainsFunc(b, func(other string) bool { return strings.EqualFold(s, other) }) {
			both = append(both, s)
		}
	}
	return both
}
