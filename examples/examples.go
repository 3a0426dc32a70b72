// Package examples embeds the configurations of this folder, so that the demo
// and the tests run exactly what the documentation shows.
package examples

import "embed"

// FS holds every folder of examples that has a configuration. The pages of data
// sources and functions leave out the terraform block, which is that of
// provider/provider.tf.
//
//go:embed compliance data-sources demo ephemeral-resources evidence exercise functions patterns provider quick-start resources zh
var FS embed.FS
