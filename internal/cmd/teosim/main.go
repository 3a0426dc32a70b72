// Command teosim runs the simulated EdgeOne on loopback until it is interrupted.
// Its account is the demo's, with packages of May 2022, and has packages of the
// last three days as well. With -now the clock of the service starts at that time,
// packages appear, grow and expire with it, and POST /clock moves it:
//
//	curl -d move=24h http://127.0.0.1:41273/clock
//
// It prints the environment of a client on standard
// output, for a shell to read:
//
//	export TENCENTCLOUD_TEO_ENDPOINT=http://127.0.0.1:41273
//	export TENCENTCLOUD_STS_ENDPOINT=http://127.0.0.1:41273
//	export TENCENTCLOUD_KMS_ENDPOINT=http://127.0.0.1:41273
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
	options, faults, err := parse(args, messages)
	if err != nil {
		return err
	}
	sim, err := teosim.Start(options)
	if err != nil {
		return err
	}
	defer sim.Close()
	for _, f := range faults {
		sim.Inject(f)
	}

	for _, service := range []string{"TEO", "STS", "KMS"} {
		fmt.Fprintf(out, "export TENCENTCLOUD_%s_ENDPOINT=%s\n", service, sim.URL())
	}
	fmt.Fprintf(out, "export TENCENTCLOUD_SECRET_ID=%s\n", sim.SecretID())
	fmt.Fprintf(out, "export TENCENTCLOUD_SECRET_KEY=%s\n", sim.SecretKey())
	if sim.Token() != "" {
		fmt.Fprintf(out, "export TENCENTCLOUD_SECURITY_TOKEN=%s\n", sim.Token())
	}
	c := sim.Catalogue()
	fmt.Fprintf(messages, "simulating %d zones, %d L7 and %d L4 packages; stop with Ctrl-C\n", len(c.Zones), len(c.L7), len(c.L4))
	if options.Lifecycle != (teosim.Lifecycle{}) {
		fmt.Fprintf(messages, "it is %s; POST %s/clock with set=TIME or move=DURATION changes that\n",
			sim.Now().UTC().Format(time.RFC3339), sim.URL())
	}

	<-ctx.Done()
	fmt.Fprintf(messages, "stopped after %d API requests and %d downloads\n", len(sim.Requests()), len(sim.Downloads()))
	return nil
}

// parse returns the options of the simulator, and the faults to inject.
func parse(args []string, messages io.Writer) (teosim.Options, []teosim.Fault, error) {
	var (
		o      teosim.Options
		faults []teosim.Fault
		marks  marks
		off    []string
	)
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
	flags.Func("now", "`time` (RFC 3339) at which the clock of the service starts; packages then appear 3 hours\n"+
		"after their end, are complete after 24 hours and are deleted after 31 days", func(value string) (err error) {
		o.ServiceTime, err = time.Parse(time.RFC3339, value)
		if err == nil && o.ServiceTime.After(time.Now()) {
			err = errors.New("it is later than the clock of this machine, and an archive uses the earlier of both clocks")
		}
		o.Lifecycle = teosim.DocumentedLifecycle()
		return err
	})
	flags.Func("lost", "`pattern` of packages that had requests, but are never listed", marks.plain("lost",
		func(p *teosim.Package) { p.Lost = true }))
	flags.Func("failing", "`pattern` of packages that are listed, but cannot be downloaded (403)", marks.plain("failing",
		func(p *teosim.Package) { p.Forbidden = true }))
	flags.Func("late", "`pattern[=duration]` of packages that are listed 48h (or the duration) later; needs -now", marks.timed("late",
		func(p *teosim.Package, d time.Duration) { p.Late = d }))
	flags.Func("growing", "`pattern[=duration]` of packages that grow until 48h after their end; needs -now", marks.timed("growing",
		func(p *teosim.Package, d time.Duration) { p.Grows = d }))
	flags.Func("expiring", "`pattern[=duration]` of packages that are deleted 48h after their end; needs -now", marks.timed("expiring",
		func(p *teosim.Package, d time.Duration) { p.Kept = d }))
	flags.Func("logs-off", "`site` (name or zone ID) whose offline logs are switched off", func(value string) error {
		off = append(off, value)
		return nil
	})
	flags.Func("fault", "named `fault` of the service, such as Throttled,times=3 or Gone404,package=NAME", func(value string) error {
		f, err := parseFault(value)
		faults = append(faults, f)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return o, nil, err
	}
	if flags.NArg() > 0 {
		return o, nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *packages < 0 {
		return o, nil, fmt.Errorf("-packages is %d, but must be positive", *packages)
	}
	switch {
	case *packages > 0:
		o.Catalogue = teosim.Generate(teosim.GenerateOptions{Count: *packages, Domains: 10})
	case o.ServiceTime.IsZero():
		o.Catalogue = teosim.Demo()
		o.Catalogue.L7 = append(o.Catalogue.L7, recent(o.Catalogue.Zones[0], time.Now())...)
	default:
		o.Catalogue = teosim.Demo()
	}
	if err := needsClock(flags, o); err != nil {
		return o, nil, err
	}
	if *unlimited {
		o.Rates = teosim.Unlimited()
	}
	return o, faults, errors.Join(marks.apply(&o.Catalogue), switchOff(&o.Catalogue, off))
}

// needsClock refuses flags that would have no effect without -now.
func needsClock(flags *flag.FlagSet, o teosim.Options) error {
	var err error
	flags.Visit(func(f *flag.Flag) {
		if (f.Name == "late" || f.Name == "growing" || f.Name == "expiring") && o.ServiceTime.IsZero() {
			err = fmt.Errorf("-%s needs -now", f.Name)
		}
	})
	return err
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
