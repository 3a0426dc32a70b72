package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// samples are the figures of Go benchmarks, by name and unit, a value a round.
// The name has neither "Benchmark" nor the number of processors.
type samples map[string]map[string][]float64

// of are the values of a benchmark in a unit.
func (s samples) of(name, unit string) []float64 { return s[name][unit] }

// parse adds what the output of `go test -bench` says.
func (s samples) parse(output io.Reader) error {
	processors := fmt.Sprintf("-%d", runtime.GOMAXPROCS(0))
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(fields[0], "Benchmark"), processors)
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return fmt.Errorf("%q: %w", lines.Text(), err)
			}
			if s[name] == nil {
				s[name] = map[string][]float64{}
			}
			s[name][fields[i+1]] = append(s[name][fields[i+1]], value)
		}
	}
	return lines.Err()
}

// goBench is the compiled benchmarks of one package. They are compiled once and
// run several times: the rounds of -count would follow one another for each
// benchmark, and a slow minute would be one benchmark's alone.
type goBench struct {
	dir, binary string
	output      *os.File // for benchstat
}

// compile compiles the tests of a package, given by its folder in the module.
func (b *bench) compile(ctx context.Context, folder string) (*goBench, error) {
	name := filepath.Base(folder)
	g := &goBench{dir: filepath.Join(b.root, folder), binary: filepath.Join(b.temp, name+".test")}
	if runtime.GOOS == "windows" {
		g.binary += ".exe"
	}
	if err := b.gotool(ctx, "test", "-c", "-o", g.binary, "./"+filepath.ToSlash(folder)); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return nil, err
	}
	var err error
	g.output, err = os.Create(filepath.Join(b.out, name+".txt"))
	return g, err
}

func (g *goBench) close() { _ = g.output.Close() }

// run runs the benchmarks of a pattern once, each for benchtime.
func (g *goBench) run(ctx context.Context, s samples, pattern, benchtime string, more ...string) error {
	args := append([]string{"-test.run=^$", "-test.benchmem", "-test.timeout=15m", "-test.bench=" + pattern, "-test.benchtime=" + benchtime}, more...)
	cmd := exec.CommandContext(ctx, g.binary, args...)
	cmd.Dir = g.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("benchmark %s: %w\n%s", pattern, err, out)
	}
	if _, err := g.output.Write(out); err != nil {
		return err
	}
	return s.parse(bytes.NewReader(out))
}
