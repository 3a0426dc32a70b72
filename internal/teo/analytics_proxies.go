package teo

import (
	"cmp"
	"context"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// describeL4Proxy has no documented limit; 20 requests a second is the default
// of the API.
var describeL4Proxy = tcapi.Action{Version: Version20220901, Name: "DescribeL4Proxy", PerSecond: 20}

const (
	proxiesPerPage = 1000 // documented
	maxProxies     = 100_000
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

	TotalCount tcapi.Integer
	L4Proxies  []L4Proxy
}

// L4Proxies lists the layer-4 proxies of a zone, sorted by ID. Its errors are
// those of L4Logs.
func (c *Client) L4Proxies(ctx context.Context, zoneID string) ([]L4Proxy, error) {
	r, err := listByOffset(ctx, c, offsetList[L4Proxy]{
		action: describeL4Proxy, pageSize: proxiesPerPage, maxRows: maxProxies, order: proxyOrder,
		fetch: func(ctx context.Context, r pageRequest) (page[L4Proxy], error) {
			request := proxiesRequest{ZoneID: zoneID, Offset: r.at, Limit: r.size}
			answer, err := tcapi.Call[proxiesAnswer](ctx, c.api, describeL4Proxy, request, r.options...)
			if err != nil {
				return page[L4Proxy]{}, err
			}
			return page[L4Proxy]{rows: answer.L4Proxies, total: count(answer.TotalCount), requestID: answer.RequestID}, nil
		},
	})
	if err != nil {
		return nil, err
	}
	return r.rows, nil
}

// proxyOrder sorts proxies by ID and zone.
var proxyOrder = rowOrder[L4Proxy]{
	compare: func(a, b L4Proxy) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.ZoneID, b.ZoneID))
	},
	same:       func(a, b L4Proxy) bool { return a.ID == b.ID },
	identified: func(p L4Proxy) bool { return p.ID != "" },
}
