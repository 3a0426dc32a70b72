package query

import (
	"context"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Logs are the offline logs of one layer: what they are called, and how they are
// listed.
type Logs struct {
	Layer  teo.Layer
	Name   string // of the data source, after the provider's name
	Title  string // in texts
	Action string // CAM action

	Hosts     string // the argument that filters by host
	HostsText string // its description

	List func(*teo.Client, context.Context, teo.Query) (*teo.Listing, error)
}

// L7 are the logs of data "teo_l7_offline_logs".
var L7 = Logs{
	Layer: teo.L7, Name: "l7_offline_logs", Title: "L7 offline logs", Action: "DownloadL7Logs",
	Hosts:     "domains",
	HostsText: "Sub-domains to list, such as `www.example.com`. The name of a site (`example.com`) matches only if the site serves that name. " + NamesText + " Default: all sub-domains.",
	List:      (*teo.Client).L7Logs,
}

// L4 are the logs of data "teo_l4_offline_logs".
var L4 = Logs{
	Layer: teo.L4, Name: "l4_offline_logs", Title: "L4 offline logs", Action: "DownloadL4Logs",
	Hosts:     "proxy_ids",
	HostsText: "IDs of layer-4 proxy instances, such as `sid-xs82kshs`. Default: all instances.",
	List:      (*teo.Client).L4Logs,
}

// Descriptions of arguments that data sources, ephemeral resources and archives
// share.
const (
	// NamesText says which spellings of a name are the same.
	NamesText = "Names are sent in the normal form of DNS: in lower case, without a dot at the end, and with `xn--` labels for other scripts."

	StartTimeText = "Start of the window, RFC 3339 with `Z` or an offset (`2022-05-04T00:00:00Z`). A window with fractions of a second is widened to whole seconds."
	EndTimeText   = "End of the window (exclusive), RFC 3339 with `Z` or an offset, after `start_time`."
	zonesText     = "Names of sites (`example.com`). " + NamesText + " The logs of every zone in `zones` or `zone_ids` are listed. If neither is set, the logs of every zone of the account are listed. " +
		"A name that several zones share selects all of them, and an unknown name is an error."
	zoneIDsText = "IDs of zones (`zone-27q0p0bali16`), in addition to those of `zones`. Their number is not limited."

	// Differences of the older API version, which layer 4 does not have.
	zonesText20220106   = " With API version 2022-01-06, an unknown name selects nothing."
	zoneIDsText20220106 = " Zone IDs require API version 2022-09-01."
)

// ZonesText describes the argument zones.
func (l Logs) ZonesText() string { return zonesText + l.only20220106(zonesText20220106) }

// ZoneIDsText describes the argument zone_ids.
func (l Logs) ZoneIDsText() string { return zoneIDsText + l.only20220106(zoneIDsText20220106) }

// only20220106 returns a text about API version 2022-01-06 for layer 7, and
// nothing for layer 4, which that version does not have.
func (l Logs) only20220106(text string) string {
	if l.Layer == teo.L4 {
		return ""
	}
	return text
}
