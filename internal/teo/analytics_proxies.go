package teo

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// describeL4Proxy has no documented limit; 20 requests a second is the default
// of the API.
var describeL4Proxy = tcapi.Action{Version: Version20220901, Name: "DescribeL4Proxy", PerSecond: 20}

const (
	proxiesPerPage = 1000 // documented
	mostProxies    = 100_000
)

// L4Proxy is a layer-4 proxy instance.
type L4Proxy struct {
	ID     string `json:"ProxyId"`
	ZoneID string `json:"ZoneId"`
	Name   string `json:"ProxyName"`
	Area   string // mainland, overseas or global
	Status string // online, offline, progress, stopping, banned or fail
}

type proxiesRequest struct {
	ZoneID string `json:"ZoneId"`
	Offset int
	Limit  int
}

type proxiesAnswer struct {
	tcapi.Head

	TotalCount *int64
	L4Proxies  []L4Proxy
}

// L4Proxies lists the layer-4 proxies of a zone, sorted by ID. Its errors are
// those of L4Logs.
func (c *Client) L4Proxies(ctx context.Context, zoneID string) ([]L4Proxy, error) {
	p := &pager[L4Proxy]{
		client: c, action: describeL4Proxy, size: proxiesPerPage, most: mostProxies, countIsFloor: true,
		settle: settleProxies, same: sameProxy,
	}
	p.fetch = func(ctx context.Context, at int) (page[L4Proxy], error) {
		answer, err := tcapi.Call[proxiesAnswer](ctx, c.api, describeL4Proxy, proxiesRequest{ZoneID: zoneID, Offset: at, Limit: p.size})
		if err != nil {
			return page[L4Proxy]{}, err
		}
		return page[L4Proxy]{rows: answer.L4Proxies, total: count(answer.TotalCount), requestID: answer.RequestID}, nil
	}
	r, err := p.all(ctx, func(ctx context.Context) (*reading[L4Proxy], error) { return p.readOffsets(ctx, new(limitMemo)) })
	if err != nil {
		return nil, err
	}
	return r.rows, nil
}

// settleProxies sorts proxies and removes duplicates.
func settleProxies(proxies []L4Proxy) (kept, twice []L4Proxy) {
	slices.SortStableFunc(proxies, func(a, b L4Proxy) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.ZoneID, b.ZoneID))
	})
	kept = slices.CompactFunc(proxies, func(a, b L4Proxy) bool {
		if !sameProxy(a, b) {
			return false
		}
		twice = append(twice, b)
		return true
	})
	return kept, twice
}

func sameProxy(a, b L4Proxy) bool { return a.ID == b.ID && a.ID != "" }
