package provider

import "github.com/edgeone-community/terraform-provider-teo/internal/teo"

// l4Family makes data "teo_l4_offline_logs" and ephemeral "teo_l4_offline_logs".
var l4Family = family{
	layer: teo.L4, name: "l4_offline_logs", title: "L4 offline logs", action: "DownloadL4Logs",
	hosts: "proxy_ids", host: "proxy_id",
	hostsText: "IDs of layer-4 proxy instances, such as `sid-xs82kshs`. All instances if left out.",
	hostText:  "Layer-4 proxy instance that the log is of.",
	list:      (*teo.Client).L4Logs,
}
