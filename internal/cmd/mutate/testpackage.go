package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// testPackage is a package whose tests are run in its folder.
type testPackage struct {
	name, dir string
	tests     []test
}

// test is one test of a package.
type test struct {
	name string
	took time.Duration // when it ran alone
	ran  []block
}

// block is a part of a file without a branch, as go test -coverprofile tells it.
type block struct {
	file                             string // base name
	line, column, endLine, endColumn int
}

func (b block) contains(m mutation) bool {
	return b.file == filepath.Base(m.file) &&
		(b.line < m.line || b.line == m.line && b.column <= m.column) &&
		(m.line < b.endLine || m.line == b.endLine && m.column < b.endColumn)
}

// measure runs each test alone, workers of them at the same time, and notes which code
// of a package it runs.
func (p *testPackage) measure(ctx context.Context, target, folder string, workers int) error {
	binary := filepath.Join(folder, "covered.exe")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-cover", "-coverpkg="+target, "-o", binary, p.name)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go test -c %s: %w\n%s", p.name, err, out)
	}
	list := exec.CommandContext(ctx, binary, "-test.list=^(Test|Fuzz|Example)")
	list.Dir = p.dir
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("list of the tests of %s: %w", p.name, err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		p.tests = append(p.tests, test{name: name})
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i := range p.tests {
		group.Go(func() (err error) {
			one := &p.tests[i]
			profile := filepath.Join(folder, fmt.Sprint("profile", i))
			cmd := exec.CommandContext(ctx, binary, "-test.short", "-test.run=^"+one.name+"$", "-test.coverprofile="+profile)
			cmd.Dir = p.dir
			begin := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("the tests do not pass without a change: %s: %w\n%s", one.name, err, out)
			}
			one.took = time.Since(begin)
			one.ran, err = readProfile(profile)
			return err
		})
	}
	return group.Wait()
}

// reach returns the tests that reach a change, and the time they take one after the
// other. Where none is known, such as for a constant, and for code that only another
// process of a test runs, it returns all of them.
func (p testPackage) reach(m mutation) (names []string, took time.Duration) {
	for _, t := range p.tests {
		if slices.ContainsFunc(t.ran, func(b block) bool { return b.contains(m) }) {
			names = append(names, t.name)
			took += t.took
		}
	}
	if names == nil {
		for _, t := range p.tests {
			names = append(names, t.name)
			took += t.took
		}
	}
	return names, took
}

// outcome is what happened to a change.
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

// run runs tests with a change, and ends when the first of them has failed.
func (p testPackage) run(ctx context.Context, binary string, names []string, number int, limit time.Duration) outcome {
	limited, stop := context.WithTimeout(ctx, limit)
	defer stop()
	cmd := exec.CommandContext(limited, binary, "-test.short", "-test.failfast", "-test.v", "-test.parallel=8",
		"-test.run=^("+strings.Join(names, "|")+")$")
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), fmt.Sprint(variable, "=", number))
	cmd.WaitDelay = time.Second
	output, err := cmd.StdoutPipe()
	if err != nil {
		return broken
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return broken
	}
	failed := false
	for lines := bufio.NewReader(output); !failed; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		text := string(bytes.TrimSpace(line))
		failed = strings.HasPrefix(text, "--- FAIL") || strings.HasPrefix(text, "panic:") || strings.HasPrefix(text, "fatal error:")
	}
	timedOut := limited.Err() != nil
	if failed {
		stop()
	}
	err = cmd.Wait()
	switch {
	case failed:
		return killed
	case timedOut || limited.Err() != nil:
		return stopped
	case err != nil:
		return killed // it did not print that a test failed, such as after os.Exit
	}
	return survived
}

// readProfile returns the blocks that ran.
func readProfile(name string) ([]block, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var ran []block
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		path, numbers, ok := strings.Cut(lines.Text(), ".go:")
		if !ok {
			continue // the mode
		}
		b := block{file: filepath.Base(path) + ".go"}
		var statements, count int
		if _, err := fmt.Sscanf(numbers, "%d.%d,%d.%d %d %d", &b.line, &b.column, &b.endLine, &b.endColumn, &statements, &count); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", name, lines.Text(), err)
		}
		if count > 0 {
			ran = append(ran, b)
		}
	}
	return ran, lines.Err()
}
