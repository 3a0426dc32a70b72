package offlinelogs

import "github.com/edgeone-community/terraform-provider-teo/internal/provider/query"

// family holds the differences between the lists of layer 7 and of layer 4.
// Everything else is the same for both layers, and for data source and ephemeral
// resource.
type family struct {
	query.Logs

	host, hostText string // attribute with the host of a row, and its description
	example        string // a host, in descriptions
}

// l7Family is data "teo_l7_offline_logs" and ephemeral "teo_l7_offline_logs".
var l7Family = family{Logs: query.L7, host: "domain", hostText: "Sub-domain of the log.", example: "www.example.com"}

// l4Family is data "teo_l4_offline_logs" and ephemeral "teo_l4_offline_logs".
var l4Family = family{Logs: query.L4, host: "proxy_id", hostText: "Layer-4 proxy instance of the log.", example: "sid-xs82kshs"}
