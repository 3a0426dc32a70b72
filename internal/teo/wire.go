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

	Data      []packageRow
	PageSize  tcapi.Integer
	Pages     tcapi.Integer
	TotalSize tcapi.Integer
}

func (c *Client) fetchNumbered(ctx context.Context, r pageRequest, request numberedRequest) (page[Package], error) {
	answer, err := tcapi.Call[numberedAnswer](ctx, c.api, downloadL7LogsOld, request, r.options...)
	if err != nil {
		return page[Package]{}, err
	}
	return page[Package]{
		rows: packagesOf(answer.Data, answer.RequestID), total: count(answer.TotalSize),
		size: answer.PageSize.Value, pages: answer.Pages.Value, requestID: answer.RequestID,
	}, nil
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

	Data       []packageRow
	TotalCount tcapi.Integer
}

func (c *Client) fetchOffset(ctx context.Context, action tcapi.Action, r pageRequest, request offsetRequest) (page[Package], error) {
	answer, err := tcapi.Call[offsetAnswer](ctx, c.api, action, request, r.options...)
	if err != nil {
		return page[Package]{}, err
	}
	return page[Package]{rows: packagesOf(answer.Data, answer.RequestID), total: count(answer.TotalCount), requestID: answer.RequestID}, nil
}

// packageRow is a Package as a page of either API version has it.
type packageRow struct {
	Domain        string
	ProxyID       string `json:"ProxyId"`
	Area          string
	LogPacketName string
	URL           string `json:"Url"`
	LogTime       optionalInteger
	LogStartTime  Time
	LogEndTime    Time
	Size          optionalInteger
}

// optionalInteger is a number whose absence leaves a row usable. What is not a whole
// number counts as missing, because one such row must not hide all others.
type optionalInteger struct {
	tcapi.Integer

	invalid bool
}

// UnmarshalJSON never fails.
func (n *optionalInteger) UnmarshalJSON(b []byte) error {
	n.invalid = n.Integer.UnmarshalJSON(b) != nil
	return nil
}

// packagesOf returns the packages of a page, with what follows from their names and
// from the response.
func packagesOf(rows []packageRow, requestID string) []Package {
	if len(rows) == 0 {
		return nil
	}
	packages := make([]Package, len(rows))
	numbers := make([]int64, 0, 2*len(rows)) // one allocation for all of them
	pointer := func(n optionalInteger) *int64 {
		if !n.Valid {
			return nil
		}
		numbers = append(numbers, n.Value)
		return &numbers[len(numbers)-1]
	}
	for i := range rows {
		row := &rows[i]
		packages[i] = Package{
			Domain: DNSName(row.Domain), ProxyID: row.ProxyID, Area: row.Area, Name: row.LogPacketName, URL: row.URL,
			LogTime: pointer(row.LogTime), Start: row.LogStartTime, End: row.LogEndTime, Size: pointer(row.Size),
			Unreadable: row.LogTime.invalid || row.Size.invalid, RequestID: requestID,
		}
		packages[i].fill()
	}
	return packages
}

// count returns nil for a count that is missing or negative.
func count(n tcapi.Integer) *int64 {
	if !n.Valid || n.Value < 0 {
		return nil
	}
	return &n.Value
}
