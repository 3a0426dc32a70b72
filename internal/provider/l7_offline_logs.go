package provider

import "github.com/edgeone-community/terraform-provider-teo/internal/teo"

// l7Family makes data "teo_l7_offline_logs" and ephemeral "teo_l7_offline_logs".
var l7Family = family{
	layer: teo.L7, name: "l7_offline_logs", title: "L7 offline logs", action: "DownloadL7Logs",
	hosts: "domains", host: "domain",
	hostsText: "Sub-domains as they are served, such as `www.example.com` (the name of a site only if it is served itself). All sub-domains if left out.",
	hostText:  "Sub-domain that the log is of.",
	list:      (*teo.Client).L7Logs,
}
