// Command bench runs the benchmarks of this module and prints one table of
// ratios: each figure is compared with its baseline in the same run. `make
// bench` runs it.
//
// The benchmarks themselves are Go benchmarks beside the code. Those of whole
// processes (terraform apply, start of the provider) are in this folder. What
// they print is kept in bin/bench for benchstat. A figure out of bounds is
// marked in the table and is not an error, because it depends on the machine.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// suites are the benchmarks that the table needs.
var suites = []suite{
	{"Start", "internal/cmd/bench", "^BenchmarkStart$", "20x", 3},
	{"Read", "internal/provider", "^BenchmarkRead$", "1x", 3},
	{"Apply", "internal/cmd/bench", "^BenchmarkApply$", "1x", 3},
	{"Listing", "internal/teo", "^BenchmarkListing$", "1x", 1},
	{"Coverage", "internal/provider", "^BenchmarkCoverage$", "1x", 1},
	{"Archive", "internal/archive", "^BenchmarkArchive$", "1x", 2},
	{"ArchiveAge", "internal/archive", "^BenchmarkArchive(Plan|NewDay)$", "1x", 1},
	{"ArchiveMemory", "internal/cmd/bench", "^BenchmarkArchiveMemory$", "1x", 1},
}

// suite is a Go benchmark with its sub-benchmarks.
type suite struct {
	name      string // for -only
	folder    string
	pattern   string
	benchtime string
	// rounds is how often the suite runs. Two benchmarks are compared within a
	// round, so that a slow minute of the machine affects both.
	rounds int
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "run only the suites whose name matches this regular `expression`")
	file := flags.String("into", "", "`file` to write the table to, between "+markBegin+" and "+markEnd)
	short := flags.Bool("short", false, "small sizes, to check that the benchmarks work")
	if err := flags.Parse(args); err != nil {
		return err
	}
	selected, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "teo-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	got := samples{}
	var failed []error
	for _, s := range suites {
		if !selected.MatchString(s.name) {
			continue
		}
		start := time.Now()
		if err := s.run(ctx, temp, *short, got); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", s.name, err))
		}
		fmt.Fprintf(os.Stderr, "==> %s: %.0f s\n", s.name, time.Since(start).Seconds())
	}
	if *short {
		return errors.Join(failed...)
	}
	var table bytes.Buffer
	fmt.Fprintf(&table, "%s, %d cores, %s/%s, %s; %s.\n\n", cpu(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().UTC().Format(time.DateOnly))
	writeTable(&table, figuresOf(got, *only == ""), got)
	if _, err := os.Stdout.Write(table.Bytes()); err != nil {
		return err
	}
	if *file != "" && len(failed) == 0 {
		if err := spliceFile(*file, table.Bytes()); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// run compiles the tests of the folder once and runs the benchmark in as many
// processes as there are rounds.
func (s suite) run(ctx context.Context, temp string, short bool, into samples) error {
	binary := filepath.Join(temp, strings.ReplaceAll(s.folder, "/", "-")+".test")
	if err := command(ctx, ".", "go", "test", "-c", "-o", binary, "./"+s.folder).Run(); err != nil {
		return fmt.Errorf("go test -c: %w", err)
	}
	if _, err := os.Stat(binary); err != nil {
		return fmt.Errorf("%s has no tests", s.folder)
	}
	if err := os.MkdirAll("bin/bench", 0o755); err != nil {
		return err
	}
	var all bytes.Buffer
	for round := range s.rounds {
		args := []string{"-test.run=^$", "-test.benchmem", "-test.timeout=30m", "-test.bench=" + s.pattern, "-test.benchtime=" + s.benchtime}
		if short {
			args = append(args, "-test.short")
		}
		cmd := command(ctx, s.folder, binary, args...)
		cmd.Stdout = nil
		out, err := cmd.Output()
		all.Write(out)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		if err := into.parse(out, round); err != nil {
			return err
		}
		if short {
			break
		}
	}
	return os.WriteFile(filepath.Join("bin", "bench", s.name+".txt"), all.Bytes(), 0o644)
}

func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stderr, os.Stderr
	return cmd
}

// cpu names the processor, where the system tells.
func cpu() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // only Linux has it
	if match := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(text); match != nil {
		return string(match[1])
	}
	return "unknown CPU"
}
