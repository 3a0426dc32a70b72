// Package examples embeds the configurations of this folder, so that the demo
// and the tests run exactly what the documentation shows.
package examples

import "embed"

// FS holds every folder of examples that has a configuration. Each works by
// itself; where the terraform block is left out, as on the pages of data
// sources and functions, that of provider/provider.tf belongs to it.
//
//go:embed compliance data-sources demo ephemeral-resources functions patterns provider quick-start resources
var FS embed.FS
