package teo

import (
	"context"
	"sync/atomic"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// Service is the name of the service in endpoints and in signatures.
const Service = "teo"

// The actions in use, with their documented limits (requests per second).
var (
	downloadL7LogsOld = tcapi.Action{Version: Version20220106, Name: "DownloadL7Logs", PerSecond: 20}
	downloadL7Logs    = tcapi.Action{Version: Version20220901, Name: "DownloadL7Logs", PerSecond: 100}
	downloadL4Logs    = tcapi.Action{Version: Version20220901, Name: "DownloadL4Logs", PerSecond: 100}
	describeZones     = tcapi.Action{Version: Version20220901, Name: "DescribeZones", PerSecond: 20}
)

// Progress says how much of a list has been read.
type Progress struct {
	Action, Version string
	Read            int   // rows read so far
	Total           int64 // the service's count, -1 if it gave none
}

// Options configure a Client.
type Options struct {
	// APIVersion is the version to use for DownloadL7Logs; if empty, the client
	// chooses.
	APIVersion string

	// Progress, if not nil, is called after every page.
	Progress func(context.Context, Progress)
}

// Client reads EdgeOne. It remembers facts about the service (the numbering of pages,
// accepted page sizes, zones), so a provider uses one client for everything.
type Client struct {
	api  *tcapi.Client
	opts Options

	base           pageBase
	limits         acceptedLimit
	versionSwitch  atomic.Pointer[VersionSwitch] // nil while 2022-01-06 is in use
	switchReported atomic.Bool
	zones          zoneCache
}

// New returns a client that calls the service "teo" through api.
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
