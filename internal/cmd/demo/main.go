// Command demo lists log packages with a real Terraform or OpenTofu and the
// provider of this checkout, from a simulated EdgeOne or, with -live, from the
// real one. It changes nothing there and removes its temporary files. What
// remains is a page with a chart, bin/coverage.html.
//
//	demo         simulated EdgeOne, needs no account
//	demo -live   the real service, with the credentials of the environment
//
// With -live, TF_VAR_start_time, TF_VAR_end_time, TF_VAR_zones and
// TF_VAR_page_size set the variables of examples/demo. TF_VAR_coverage=true adds
// the chart, which needs permission for the analytics.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// interrupted is the exit status of a command that Ctrl-C has ended.
const interrupted = 130

func main() {
	live := flag.Bool("live", false, "read from the real service, with the credentials of the environment")
	flag.Parse()

	// SIGPIPE: clean up also if the output is closed, as by `| head`.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	d := demo{
		live:    *live,
		out:     os.Stdout,
		find:    tfcli.Find,
		now:     time.Now,
		environ: os.Environ(),
		page:    "bin/coverage.html",
	}
	err := d.run(ctx)
	stop()
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "demo: interrupted; its processes are stopped and its files are removed")
		os.Exit(interrupted)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}
