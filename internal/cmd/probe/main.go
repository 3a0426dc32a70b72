// Command probe asks EdgeOne what Tencent Cloud does not document, and prints the
// answers as a report in Markdown to paste into an issue. It only reads, sends at
// most two requests a second to each action, and downloads one byte. The report
// has no names, IDs, credentials or URLs in it.
//
// Endpoint and credentials come from the environment, as for the provider.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// perSecond is the number of requests a second to each action: a fraction of every
// documented limit.
const perSecond = 2

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, out, messages io.Writer) error {
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	flags.SetOutput(messages)
	wait := flags.Duration("wait", 0, "how long to try a download URL until the service refuses it, such as 25h")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	config, err := configuration(getenv)
	if err != nil {
		return err
	}
	fmt.Fprintf(messages, "asking %s, with credentials from %s; nothing is changed there\n", config.Endpoint.Host, config.Credentials)
	p := newProber(config)
	p.wait = *wait
	p.progress = func(question string) { fmt.Fprintln(messages, "  "+question) }
	report, err := p.report(ctx)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, report)
	return err
}

// configuration finds endpoint and credentials where the provider does if its
// configuration is empty.
func configuration(getenv func(string) string) (tcapi.Config, error) {
	domain := getenv("TENCENTCLOUD_DOMAIN")
	if domain == "" {
		domain = tcapi.DefaultDomain
	}
	domain, err := tcapi.ParseDomain(domain)
	if err != nil {
		return tcapi.Config{}, fmt.Errorf("TENCENTCLOUD_DOMAIN: %w", err)
	}
	endpoint := func(service, variable string) (tcapi.Endpoint, error) {
		set := getenv(variable)
		if set == "" {
			return tcapi.ServiceEndpoint(service, domain), nil
		}
		e, err := tcapi.ParseEndpoint(set)
		if err != nil {
			return e, fmt.Errorf("%s: %w", variable, err)
		}
		return e, nil
	}
	config := tcapi.Config{
		Service:    teo.Service,
		UserAgent:  "terraform-provider-teo/probe",
		Limiters:   &tcapi.Limiters{PerSecond: perSecond},
		Transport:  tcapi.NewTransport(tcapi.TransportOptions{}),
		MaxRetries: 2,
	}
	sts := config
	if config.Endpoint, err = endpoint(teo.Service, "TENCENTCLOUD_TEO_ENDPOINT"); err != nil {
		return config, err
	}
	if sts.Endpoint, err = endpoint("sts", "TENCENTCLOUD_STS_ENDPOINT"); err != nil {
		return config, err
	}
	source, problems := credential.New(credential.Options{STS: sts, Getenv: getenv})
	if len(problems) > 0 {
		return config, fmt.Errorf("%s: %s", problems[0].Summary, problems[0].Detail)
	}
	if err := source.Err(); err != nil {
		return config, errors.New("there are no credentials: set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, " +
			"or sign in in another way that docs/guides/sign-in.md describes")
	}
	config.Credentials, config.Region = source, source.Region()
	return config, nil
}

// cell makes a text fit into a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
