// Command teosim runs the simulated EdgeOne on loopback until it is interrupted.
// Its account is the demo's, with packages of May 2022, and has packages of the
// last three days as well. It prints the environment of a client on standard
// output, for a shell to read:
//
//	export TENCENTCLOUD_TEO_ENDPOINT=http://127.0.0.1:41273
//	export TENCENTCLOUD_SECRET_ID=…
//	export TENCENTCLOUD_SECRET_KEY=…
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "teosim:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. It writes the environment of a client to out, and
// everything else to messages.
func run(ctx context.Context, args []string, out, messages io.Writer) error {
	options, err := parse(args, messages)
	if err != nil {
		return err
	}
	sim, err := teosim.Start(options)
	if err != nil {
		return err
	}
	defer sim.Close()

	fmt.Fprintf(out, "export TENCENTCLOUD_TEO_ENDPOINT=%s\n", sim.URL())
	fmt.Fprintf(out, "export TENCENTCLOUD_SECRET_ID=%s\n", sim.SecretID())
	fmt.Fprintf(out, "export TENCENTCLOUD_SECRET_KEY=%s\n", sim.SecretKey())
	if sim.Token() != "" {
		fmt.Fprintf(out, "export TENCENTCLOUD_SECURITY_TOKEN=%s\n", sim.Token())
	}
	c := sim.Catalogue()
	fmt.Fprintf(messages, "simulating %d zones, %d L7 and %d L4 packages; stop with Ctrl-C\n", len(c.Zones), len(c.L7), len(c.L4))

	<-ctx.Done()
	fmt.Fprintf(messages, "stopped after %d API requests and %d downloads\n", len(sim.Requests()), len(sim.Downloads()))
	return nil
}

func parse(args []string, messages io.Writer) (teosim.Options, error) {
	var o teosim.Options
	flags := flag.NewFlagSet("teosim", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:0", "loopback `address` to listen on")
	flags.StringVar(&o.SecretID, "secret-id", "", "secret ID to accept (requires -secret-key)")
	flags.StringVar(&o.SecretKey, "secret-key", "", "secret key to accept")
	flags.StringVar(&o.Token, "token", "", "token that requests must carry")
	flags.DurationVar(&o.Latency, "latency", 0, "delay of each response of the API")
	flags.IntVar(&o.PageBase, "page-base", 1, "number of the first page in 2022-01-06: 0 or 1")
	flags.BoolVar(&o.StrictPage, "strict-page", false, "reject a PageNo below the base")
	flags.IntVar(&o.MaxPageSize, "max-page-size", 1000, "largest PageSize of 2022-01-06")
	flags.IntVar(&o.MaxLimit, "max-limit", 300, "largest Limit of 2022-09-01")
	flags.StringVar(&o.Gone, "gone", "", "error `code` with which every action of 2022-01-06 fails")
	flags.BoolVar(&o.OldRowsWithoutArea, "old-rows-without-area", false, "rows of 2022-01-06 have no Area")
	flags.DurationVar(&o.URLLifetime, "url-lifetime", time.Hour, "how long download URLs are valid")
	packages := flags.Int("packages", 0, "`number` of generated L7 packages instead of the demo's")
	unlimited := flags.Bool("no-rate-limit", false, "lift the documented rate limits")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *packages < 0 {
		return o, fmt.Errorf("-packages is %d, but must be positive", *packages)
	}
	if *packages > 0 {
		o.Catalogue = teosim.Generate(teosim.GenerateOptions{Count: *packages, Domains: 10})
	} else {
		o.Catalogue = teosim.Demo()
		o.Catalogue.L7 = append(o.Catalogue.L7, recent(o.Catalogue.Zones[0], time.Now())...)
	}
	if *unlimited {
		o.Rates = teosim.Unlimited()
	}
	return o, nil
}

// recent returns a package of www.example.com for each of the last 72 hours, so
// that examples with times relative to now return packages.
func recent(zone teosim.Zone, now time.Time) []teosim.Package {
	const host, hours = "www.example.com", 72
	first := now.UTC().Truncate(time.Hour).Add(-hours * time.Hour)
	var packages []teosim.Package
	for n := range hours {
		start := first.Add(time.Duration(n) * time.Hour)
		packages = append(packages, teosim.Package{
			ZoneID: zone.ID, Host: host, Area: "mainland", Name: teosim.PackageName(host, start, time.Hour),
			Start: start, End: start.Add(time.Hour), LogTime: start.Unix(),
		})
	}
	return packages
}
