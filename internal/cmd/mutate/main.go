// Command mutate shows what the tests of a package do not notice. It makes one
// small change at a time in the code of the package, such as < in place of <= or a
// call that is left out, and runs the tests that reach it. It prints each change
// that passes them.
//
//	mutate [-v] [-sample N] [-seed N] [-only REGEXP] [-also PACKAGES] [-timeout D] [-parallel N] PACKAGE
//
// All changes in functions are in the same test binary, so that they are compiled
// once. Each test runs alone first, to see which code it reaches.
//
// Not each of these changes is a mistake: some change nothing that can be observed,
// such as the capacity of a slice.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	sample := flags.Int("sample", 0, "number of changes to try, chosen at random; 0 means all")
	seed := flags.Uint64("seed", 1, "seed of the sample and of the order")
	only := flags.String("only", "", "try only changes whose line of output matches this regular expression")
	also := flags.String("also", "", "packages whose tests are run where those of the package pass, separated by commas")
	verbose := flags.Bool("v", false, "print every change with its outcome")
	timeout := flags.Duration("timeout", 0, "time after which the tests of one change are stopped; 0 means three times as long as they take alone, and 10s")
	workers := flags.Int("parallel", runtime.NumCPU(), "number of changes that are tried at the same time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("want one package, such as ./internal/teo")
	}
	matches, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	t, err := load(ctx, flags.Arg(0), *also)
	if err != nil {
		return err
	}
	var all []mutation
	for _, name := range t.files {
		found, err := mutations(name, t.sources[name])
		if err != nil {
			return err
		}
		for _, m := range found {
			if matches.MatchString(m.String()) {
				all = append(all, m)
			}
		}
	}
	random := rand.New(rand.NewPCG(*seed, 0))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	possible := len(all)
	if *sample > 0 {
		all = all[:min(*sample, len(all))]
	}
	for i := range t.tests {
		if err := t.tests[i].measure(ctx, t.name, work, *workers); err != nil {
			return err
		}
	}

	count := map[outcome]int{}
	var printing sync.Mutex
	report := func(m mutation, got outcome) {
		printing.Lock()
		defer printing.Unlock()
		count[got]++
		if *verbose {
			fmt.Fprintf(stdout, "%s: ", got)
		}
		if *verbose || got == survived {
			fmt.Fprintln(stdout, m)
		}
	}
	// A change that is in no function has a program for itself.
	functions := slices.DeleteFunc(slices.Clone(all), func(m mutation) bool { return m.function == nil })
	programs := [][]mutation{functions}
	for _, m := range all {
		if m.function == nil {
			programs = append(programs, []mutation{m})
		}
	}
	for _, changes := range programs {
		if len(changes) == 0 || ctx.Err() != nil {
			continue // after an interrupt, what was tried is printed
		}
		p, err := t.newProgram(ctx, work, changes)
		if err != nil {
			return err
		}
		if changes[0].function != nil {
			if got := p.try(ctx, 0, mutation{}, *timeout); got != survived {
				return fmt.Errorf("the tests do not pass where no change is chosen: %s", got)
			}
		}
		var group errgroup.Group
		group.SetLimit(*workers)
		for i, m := range changes {
			group.Go(func() error {
				got := p.try(ctx, i+1, m, *timeout)
				if ctx.Err() == nil { // else it was interrupted
					report(m, got)
				}
				return nil
			})
		}
		_ = group.Wait() // there are only outcomes
	}
	tried := count[killed] + count[survived] + count[stopped]
	fmt.Fprintf(stdout, "%s: %d of %d possible changes tried: %d noticed, %d did not end in time, %d survived; %d others did not compile\n",
		t.name, tried, possible, count[killed], count[stopped], count[survived], count[broken])
	return ctx.Err()
}

// target is a package whose tests are tried.
type target struct {
	name        string // as on the command line
	packageName string
	tests       []testPackage     // its own come first
	files       []string          // paths, relative to the working directory
	sources     map[string][]byte // by path
}

// load finds the files of a package, and the packages that are tested as well.
func load(ctx context.Context, name, also string) (*target, error) {
	found, err := list(ctx, name)
	if err != nil {
		return nil, err
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	t := &target{name: name, packageName: found.Name, tests: []testPackage{{name: name, dir: found.Dir}}, sources: map[string][]byte{}}
	for other := range strings.SplitSeq(also, ",") {
		if other == "" {
			continue
		}
		o, err := list(ctx, other)
		if err != nil {
			return nil, err
		}
		t.tests = append(t.tests, testPackage{name: other, dir: o.Dir})
	}
	for _, file := range found.GoFiles {
		path, err := filepath.Rel(here, filepath.Join(found.Dir, file))
		if err != nil {
			return nil, err
		}
		if t.sources[path], err = os.ReadFile(path); err != nil {
			return nil, err
		}
		t.files = append(t.files, path)
	}
	return t, nil
}

// listed is what go list says of a package.
type listed struct {
	Dir, Name string
	GoFiles   []string
}

func list(ctx context.Context, name string) (found listed, err error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-json=Dir,Name,GoFiles", name).Output()
	if err != nil {
		return found, fmt.Errorf("go list %s: %w", name, err)
	}
	return found, json.Unmarshal(out, &found)
}
