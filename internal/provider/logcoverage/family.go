package logcoverage

import (
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// family holds the differences between the coverage of layer 7 and of
// layer 4.
type family struct {
	logs query.Logs // whose packages are compared

	name  string // of the type, after the provider's name
	title string // in texts

	hosts string // the argument that names them
	noun  string // for several hosts
	unit  string // of what is counted
	grace int    // hours by which a package may be early or late

	actions []string // of the analytics, which CAM has to allow
}

var l7Coverage = family{
	logs: query.L7, name: "l7_log_coverage", title: "L7 log coverage",
	hosts: "domains", noun: "domains", unit: "requests",
	actions: []string{"DescribeTimingL7AnalysisData", "DescribeTopL7AnalysisData"},
}

// l4Coverage allows for packages that are an hour off: the log of a long
// connection is written from time to time.
var l4Coverage = family{
	logs: query.L4, name: "l4_log_coverage", title: "L4 log coverage",
	hosts: "proxy_ids", noun: "proxies", unit: "bytes", grace: 1,
	actions: []string{"DescribeTimingL4Data", "DescribeL4Proxy"},
}

// layer is the layer of the packages.
func (f family) layer() teo.Layer { return f.logs.Layer }
