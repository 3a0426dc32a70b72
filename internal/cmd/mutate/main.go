// Command mutate shows what the tests of a package do not notice. It makes one
// small change at a time in the code of the package, such as < in place of <= or a
// call that is left out, and runs the tests of the package. It prints each change
// that passes them.
//
//	mutate [-v] [-sample N] [-seed N] [-only REGEXP] [-also PACKAGES] [-timeout D] PACKAGE
//
// Not each of these changes is a mistake: some change nothing that can be observed,
// such as the capacity of a slice.
package main

import (
	"bufio"
	"bytes"
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
	"strings"
	"time"
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
	timeout := flags.Duration("timeout", 0, "time after which the tests of one change are stopped; 0 means five times as long as without a change")
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
	p, err := load(ctx, flags.Arg(0), *also)
	if err != nil {
		return err
	}
	defer os.RemoveAll(p.work)

	var all []mutation
	for _, name := range p.files {
		found, err := mutations(name, p.sources[name])
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

	if *timeout == 0 {
		begin := time.Now()
		got, err := p.try(ctx, nil, 10*time.Minute)
		if err != nil {
			return err
		}
		if got != survived {
			return errors.New("the tests do not pass without a change")
		}
		*timeout = 5*time.Since(begin) + 10*time.Second
	}
	if *sample <= 0 {
		*sample = len(all)
	}
	count := map[outcome]int{}
	tried := func() int { return count[killed] + count[survived] + count[stopped] }
	for i := 0; i < len(all) && tried() < *sample; i++ {
		got, err := p.try(ctx, &all[i], *timeout)
		if err != nil {
			break // it was interrupted
		}
		count[got]++
		if *verbose {
			fmt.Fprintf(stdout, "%s: ", got)
		}
		if *verbose || got == survived {
			fmt.Fprintln(stdout, all[i])
		}
	}
	fmt.Fprintf(stdout, "%s: %d of %d possible changes tried: %d noticed, %d stopped after %s, %d survived; %d others did not compile\n",
		p.name, tried(), len(all), count[killed], count[stopped], timeout.Round(time.Second), count[survived], count[broken])
	return ctx.Err()
}

// target is a package whose tests are tried.
type target struct {
	name    string            // as on the command line
	tests   []testPackage     // its own come first
	files   []string          // paths, relative to the working directory
	sources map[string][]byte // by path
	work    string            // folder for test binaries
}

// testPackage is a package whose tests are run in its folder.
type testPackage struct{ name, dir string }

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
	p := &target{name: name, tests: []testPackage{{name, found.Dir}}, sources: map[string][]byte{}}
	for other := range strings.SplitSeq(also, ",") {
		if other == "" {
			continue
		}
		o, err := list(ctx, other)
		if err != nil {
			return nil, err
		}
		p.tests = append(p.tests, testPackage{other, o.Dir})
	}
	for _, file := range found.GoFiles {
		path, err := filepath.Rel(here, filepath.Join(found.Dir, file))
		if err != nil {
			return nil, err
		}
		if p.sources[path], err = os.ReadFile(path); err != nil {
			return nil, err
		}
		p.files = append(p.files, path)
	}
	p.work, err = os.MkdirTemp("", "mutate")
	return p, err
}

// listed is what go list says of a package.
type listed struct {
	Dir     string
	GoFiles []string
}

func list(ctx context.Context, name string) (found listed, err error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-json=Dir,GoFiles", name).Output()
	if err != nil {
		return found, fmt.Errorf("go list %s: %w", name, err)
	}
	return found, json.Unmarshal(out, &found)
}

// outcome is what happened to a mutation.
type outcome int

const (
	killed   outcome = iota // a test failed
	survived                // all tests passed
	stopped                 // the tests did not end in time
	broken                  // it did not compile
)

func (o outcome) String() string {
	return [...]string{"noticed", "survived", "stopped", "does not compile"}[o]
}

// try builds and runs the tests with a change, or with none if m is nil, package by
// package until one notices it.
func (p *target) try(ctx context.Context, m *mutation, timeout time.Duration) (got outcome, err error) {
	for _, t := range p.tests {
		if got, err = p.tryTests(ctx, t, m, timeout); got != survived || err != nil {
			break
		}
	}
	return got, err
}

func (p *target) tryTests(ctx context.Context, t testPackage, m *mutation, timeout time.Duration) (outcome, error) {
	binary := filepath.Join(p.work, "tests.exe")
	args := []string{"test", "-c", "-o", binary}
	if m != nil {
		overlay, err := p.overlay(m)
		if err != nil {
			return 0, err
		}
		args = append(args, "-overlay", overlay)
	}
	if out, err := exec.CommandContext(ctx, "go", append(args, t.name)...).CombinedOutput(); err != nil {
		if ctx.Err() != nil || m == nil {
			return broken, fmt.Errorf("go test -c %s: %w\n%s", t.name, err, out)
		}
		return broken, nil
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	failed, err := t.run(limited, binary)
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case failed:
		return killed, nil
	case limited.Err() != nil:
		return stopped, nil
	case err != nil:
		return killed, nil // it did not print that a test failed, such as after os.Exit
	}
	return survived, nil
}

// overlay writes a changed file, and the file with which go reads it in place of
// the original.
func (p *target) overlay(m *mutation) (string, error) {
	changed := filepath.Join(p.work, "changed.go")
	if err := os.WriteFile(changed, m.apply(p.sources[m.file]), 0o600); err != nil {
		return "", err
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(p.work, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}

// run runs a test binary, and ends it when the first test has failed.
func (t testPackage) run(ctx context.Context, binary string) (failed bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(ctx, binary, "-test.short", "-test.failfast", "-test.v", "-test.parallel=8")
	cmd.Dir = t.dir
	cmd.WaitDelay = time.Second
	output, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return false, err
	}
	for lines := bufio.NewReader(output); !failed; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		text := string(bytes.TrimSpace(line))
		failed = strings.HasPrefix(text, "--- FAIL") || strings.HasPrefix(text, "panic:") || strings.HasPrefix(text, "fatal error:")
	}
	if failed {
		stop()
	}
	return failed, cmd.Wait()
}
