// Package examples embeds the configurations of this folder, so that the demo
// and the tests run exactly what the documentation shows.
package examples

import "embed"

// FS holds every folder of examples that has a configuration.
//
//go:embed demo
var FS embed.FS
