package teo

import (
	"context"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// numberedRequest is DownloadL7Logs of 2022-01-06.
type numberedRequest struct {
	StartTime string
	EndTime   string
	PageSize  int
	PageNo    int
	Zones     []string `json:",omitempty"`
	Domains   []string `json:",omitempty"`
}

// numberedAnswer can have null in every field except RequestId.
type numberedAnswer struct {
	tcapi.Head

	Data      []Package
	PageSize  *int64
	PageNo    *int64
	Pages     *int64
	TotalSize *int64
}

func (c *Client) fetchNumbered(ctx context.Context, r pageRequest, request numberedRequest) (page[Package], error) {
	answer, err := tcapi.Call[numberedAnswer](ctx, c.api, downloadL7LogsOld, request, r.options...)
	if err != nil {
		return page[Package]{}, err
	}
	got := page[Package]{rows: answer.Data, total: count(answer.TotalSize), requestID: answer.RequestID}
	if answer.PageSize != nil {
		got.size = *answer.PageSize
	}
	if answer.Pages != nil {
		got.pages = *answer.Pages
	}
	complete(got)
	return got, nil
}

// offsetRequest is DownloadL7Logs or DownloadL4Logs of 2022-09-01.
type offsetRequest struct {
	StartTime string
	EndTime   string
	// ZoneIDs is required. Without it, the service once listed all zones, later
	// none.
	ZoneIDs  []string `json:"ZoneIds"`
	Domains  []string `json:",omitempty"`
	ProxyIDs []string `json:"ProxyIds,omitempty"`
	Limit    int
	Offset   int
}

type offsetAnswer struct {
	tcapi.Head

	Data       []Package
	TotalCount *int64
}

func (c *Client) fetchOffset(ctx context.Context, action tcapi.Action, r pageRequest, request offsetRequest) (page[Package], error) {
	answer, err := tcapi.Call[offsetAnswer](ctx, c.api, action, request, r.options...)
	if err != nil {
		return page[Package]{}, err
	}
	got := page[Package]{rows: answer.Data, total: count(answer.TotalCount), requestID: answer.RequestID}
	complete(got)
	return got, nil
}

// complete sets what follows from the name of a package and from the response.
func complete(got page[Package]) {
	for i := range got.rows {
		got.rows[i].fill()
		got.rows[i].RequestID = got.requestID
	}
}

// count returns nil for a count that is missing or negative.
func count(n *int64) *int64 {
	if n == nil || *n < 0 {
		return nil
	}
	return n
}
