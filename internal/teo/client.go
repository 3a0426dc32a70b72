package teo

import (
	"context"
	"sync/atomic"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// Service is the name of the service in endpoints and in signatures.
const Service = "teo"

// The actions that are used, with their documented limits (requests a second).
var (
	downloadL7LogsOld = tcapi.Action{Version: Version20220106, Name: "DownloadL7Logs", PerSecond: 20}
	downloadL7Logs    = tcapi.Action{Version: Version20220901, Name: "DownloadL7Logs", PerSecond: 100}
	downloadL4Logs    = tcapi.Action{Version: Version20220901, Name: "DownloadL4Logs", PerSecond: 100}
	describeZones     = tcapi.Action{Version: Version20220901, Name: "DescribeZones", PerSecond: 20}
)

// Progress tells how far the reading of a list is.
type Progress struct {
	Action, Version string
	Read            int   // rows that were read
	Total           int64 // the service's count, -1 where it gave none
}

// Options say how a Client behaves.
type Options struct {
	// APIVersion pins DownloadL7Logs to a version; empty leaves the choice to
	// the client.
	APIVersion string

	// Progress, if not nil, is told of every page.
	Progress func(context.Context, Progress)
}

// Client reads EdgeOne. It remembers what it learns of the service, so one
// client serves all that a provider does.
type Client struct {
	api  *tcapi.Client
	opts Options

	base     pageBase
	limits   limitMemo
	over     atomic.Pointer[ChangeOver] // nil while 2022-01-06 is not gone
	overTold atomic.Bool
	zones    zoneCache
}

// New returns a client on top of a caller of the service "teo".
func New(api *tcapi.Client, opts Options) *Client {
	return &Client{api: api, opts: opts, zones: newZoneCache()}
}

func (c *Client) progress(ctx context.Context, action tcapi.Action, read int, total *int64) {
	if c.opts.Progress == nil {
		return
	}
	p := Progress{Action: action.Name, Version: action.Version, Read: read, Total: -1}
	if total != nil {
		p.Total = *total
	}
	c.opts.Progress(ctx, p)
}
