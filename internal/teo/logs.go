package teo

import (
	"context"
	"errors"
	"slices"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// maxZoneIDs is the largest number of zone IDs in one request. The limit of the
// log actions is not documented; sibling actions accept 100.
const maxZoneIDs = 100

// L7Logs lists the layer-7 log packages of a window.
//
// If the client has no pinned API version, zone IDs and Query.AreaRequired select
// 2022-09-01. Otherwise 2022-01-06 is requested. Once the service answers that it no
// longer serves that version, this client uses 2022-09-01.
//
// Errors: *tcapi.Error, *IncompleteError, *TooManyError, *UnknownZonesError, those
// of the credential source, the context's cause, or that DescribeZones listed a zone
// without an ID.
func (c *Client) L7Logs(ctx context.Context, q Query) (*Listing, error) {
	if c.version(q) == Version20220106 {
		listing, err := c.logs20220106(ctx, q)
		failure := tcapi.AsError(err)
		if failure == nil || failure.Class != tcapi.Gone || c.opts.APIVersion != "" {
			return listing, err
		}
		c.versionSwitch.CompareAndSwap(nil, &VersionSwitch{Code: failure.Code, RequestID: failure.RequestID})
	}
	listing, err := c.logs20220901(ctx, L7, q)
	if over := c.versionSwitch.Load(); err == nil && over != nil && len(q.ZoneIDs) == 0 && c.switchReported.CompareAndSwap(false, true) {
		listing.SwitchedVersion = over
	}
	return listing, err
}

// L4Logs lists the layer-4 log packages of a window, always with 2022-09-01. Its
// errors are those of L7Logs.
func (c *Client) L4Logs(ctx context.Context, q Query) (*Listing, error) {
	return c.logs20220901(ctx, L4, q)
}

// version is the API version to use for a query of layer 7.
func (c *Client) version(q Query) string {
	switch {
	case c.opts.APIVersion != "":
		return c.opts.APIVersion
	case len(q.ZoneIDs) > 0, q.AreaRequired, c.versionSwitch.Load() != nil:
		return Version20220901
	}
	return Version20220106
}

// logs20220106 lists with 2022-01-06.
func (c *Client) logs20220106(ctx context.Context, q Query) (*Listing, error) {
	start, end := q.wireWindow()
	p := &pager[Package]{
		client: c, action: downloadL7LogsOld, pageSize: q.pageSize(), maxRows: q.maxPackages(), order: packageOrder,
		fetch: func(ctx context.Context, r pageRequest) (page[Package], error) {
			return c.fetchNumbered(ctx, r, numberedRequest{
				StartTime: start, EndTime: end, PageSize: r.size, PageNo: r.at, Zones: q.Zones, Domains: q.Hosts,
			})
		},
	}
	r, err := p.all(ctx, func(ctx context.Context, pageSize int) (*reading[Package], error) {
		return p.readNumbered(ctx, &c.base, pageSize)
	})
	if err != nil {
		return nil, err
	}
	return newListing(r, Version20220106), nil
}

// logs20220901 lists with 2022-09-01.
func (c *Client) logs20220901(ctx context.Context, layer Layer, q Query) (*Listing, error) {
	zoneIDs, err := c.zoneIDs(ctx, q)
	if err != nil {
		return nil, err
	}
	pageSize := min(q.pageSize(), limitSteps[0])
	if len(zoneIDs) == 0 {
		// An account without zones has no logs. The service would reject a request
		// without zones.
		return &Listing{APIVersion: Version20220901, PageSize: c.limits.cap(pageSize)}, nil
	}
	var (
		lists []*Listing
		rows  int
	)
	for ids := range slices.Chunk(zoneIDs, maxZoneIDs) {
		r, err := c.logsOfZones(ctx, layer, q, ids, pageSize, q.maxPackages()-rows)
		var many *TooManyError
		if errors.As(err, &many) {
			many.Total += int64(rows)
			many.Most = q.maxPackages()
			many.AtLeast = many.AtLeast || (len(lists)+1)*maxZoneIDs < len(zoneIDs)
		}
		if err != nil {
			return nil, err
		}
		lists = append(lists, newListing(r, Version20220901))
		rows += len(r.rows)
	}
	return merge(lists), nil
}

// logsOfZones lists the packages of at most maxZoneIDs zones.
func (c *Client) logsOfZones(ctx context.Context, layer Layer, q Query, zoneIDs []string, pageSize, maxRows int) (*reading[Package], error) {
	action := downloadL7Logs
	request := offsetRequest{ZoneIDs: zoneIDs, Domains: q.Hosts}
	if layer == L4 {
		action = downloadL4Logs
		request.Domains, request.ProxyIDs = nil, q.Hosts
	}
	request.StartTime, request.EndTime = q.wireWindow()
	return listByOffset(ctx, c, offsetList[Package]{
		action: action, pageSize: pageSize, maxRows: maxRows, order: packageOrder, accepted: &c.limits,
		fetch: func(ctx context.Context, r pageRequest) (page[Package], error) {
			request := request
			request.Limit, request.Offset = r.size, r.at
			return c.fetchOffset(ctx, action, r, request)
		},
	})
}
