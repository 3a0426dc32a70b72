// Command terraform-provider-teo is the Terraform provider for the offline logs of
// Tencent Cloud EdgeOne.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
)

// version is set by the release build.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger, and print how Terraform can attach")
	flag.Parse()

	err := provider.Serve(context.Background(), version, *debug)
	if err != nil {
		log.Fatal(err)
	}
}
