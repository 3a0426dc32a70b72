// Command bench measures the provider and prints one table of ratios, each
// taken beside its baseline in one run; `make bench` runs it. It writes the
// table into the README too, and what benchstat reads into bin/bench.
//
// A ratio that is out of its bounds is shown, not an error: how long something
// takes says as much about the machine and what else it does. Nothing is asked
// of the network, but for a Terraform where none is found.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	sizes
	cli      tfcli.CLI
	root     string // of the module
	temp     string // removed at the end
	out      string // for benchstat
	messages io.Writer
}

// measure makes one section of the table. What it has measured before an error
// is in the section too.
type measure struct {
	name string
	run  func(*bench, context.Context, *section) error
}

func measures() []measure {
	return []measure{
		{"flatten", (*bench).flatten},
		{"apply", (*bench).apply},
		{"listing", (*bench).listing},
		{"archive", (*bench).archive},
		{"start", (*bench).start},
	}
}

func run(ctx context.Context, args []string, in io.Reader, out, messages io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(messages)
	smoke := flags.Bool("smoke", false, "small sizes, to see that it works; the figures mean nothing")
	only := flags.String("only", "", "comma-separated `sections` of "+strings.Join(names(), ", "))
	readme := flags.String("readme", "", "`file` to put the table into, between "+markBegin+" and "+markEnd)
	output := flags.String("out", filepath.Join("bin", "bench"), "`folder` for what benchstat reads")
	worker := flags.Bool("archive-worker", false, "archive as standard input says, for a bench that started this")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *worker {
		return archiveWorker(ctx, in, out)
	}
	b := &bench{sizes: full(), out: *output, messages: messages}
	if *smoke {
		b.sizes = small()
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	defer os.RemoveAll(b.temp)
	table, err := b.table(ctx, *only)
	if _, failed := out.Write(table); err == nil {
		err = failed
	}
	if err != nil || *readme == "" || *only != "" || *smoke {
		return err // what is not the whole table has no place in the README
	}
	if err := spliceFile(*readme, table); errors.Is(err, errNoMarkers) || errors.Is(err, os.ErrNotExist) {
		fmt.Fprintln(messages, "bench: not written:", err)
	} else if err != nil {
		return err
	}
	return nil
}

func names() []string {
	var all []string
	for _, m := range measures() {
		all = append(all, m.name)
	}
	return all
}

func (b *bench) prepare(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("go env GOMOD: %w", err)
	}
	b.root = filepath.Dir(strings.TrimSpace(string(out)))
	if b.cli, err = tfcli.Find(ctx); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "teo-bench-")
	if err != nil {
		return err
	}
	// As the kernel will say where a process is from.
	if b.temp, err = filepath.EvalSymlinks(temp); err != nil {
		return err
	}
	b.out, err = filepath.Abs(b.out)
	return err
}

// table measures the sections of a list, or all. A section that fails is in the
// table as far as it went, and its error is returned at the end.
func (b *bench) table(ctx context.Context, only string) ([]byte, error) {
	var table bytes.Buffer
	fmt.Fprintf(&table, "%s; %s.\n\n", machine(b.cli), time.Now().UTC().Format(time.DateOnly))
	var failed []error
	for _, m := range measures() {
		if only != "" && !slices.Contains(strings.Split(only, ","), m.name) {
			continue
		}
		start := time.Now()
		var s section
		err := m.run(b, ctx, &s)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", m.name, err))
		}
		s.write(&table)
		b.say("%s measured in %.0f s", m.name, since(start))
	}
	return table.Bytes(), errors.Join(failed...)
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.messages, "==> "+format+"\n", args...)
}
