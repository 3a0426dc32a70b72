// Command demo lets a real Terraform or OpenTofu list log packages, with the
// provider built from this checkout, on a simulated EdgeOne or (-live) on the
// real one. It changes nothing anywhere, and leaves nothing behind.
//
//	demo         simulated EdgeOne, no account needed
//	demo -live   the real service, with the keys of the environment
//
// With -live the variables of examples/demo can be set as TF_VAR_start_time,
// TF_VAR_end_time, TF_VAR_zones and TF_VAR_page_size.
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

// interrupted is what a shell reports of a command that Ctrl-C has ended.
const interrupted = 130

func main() {
	live := flag.Bool("live", false, "read from the real service, with the keys of the environment")
	flag.Parse()

	// A reader that goes away, as `| head` does, must not leave anything behind
	// either.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	d := demo{
		live:    *live,
		out:     os.Stdout,
		find:    tfcli.Find,
		now:     time.Now,
		environ: os.Environ(),
	}
	err := d.run(ctx)
	stop()
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "demo: interrupted; everything that it had started is stopped and removed")
		os.Exit(interrupted)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}
