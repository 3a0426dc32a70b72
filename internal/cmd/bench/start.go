package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What the plugin protocol says the first line of a provider is asked with.
const (
	magicCookie      = "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
	protocolVersions = "PLUGIN_PROTOCOL_VERSIONS=6"
)

// start measures how long a provider takes until Terraform can talk to it, and
// how large it is.
func (b *bench) start(ctx context.Context, s *section) error {
	s.title, s.columns = "Start and size", [2]string{"provider", "beside it"}
	ours, empty, without := b.binary("provider"), b.binary("empty"), b.binary("without-archive")
	if err := b.build(ctx, ours, "."); err != nil {
		return err
	}
	if err := b.build(ctx, empty, "./internal/cmd/bench/empty"); err != nil {
		return err
	}
	stripped := b.withoutArchive(ctx, without)
	took := map[string][]float64{}
	for i := range b.starts + 1 {
		for _, binary := range []string{empty, without, ours} {
			if binary == without && stripped != nil {
				continue
			}
			t, err := handshake(ctx, binary)
			if err != nil {
				return err
			}
			if i > 0 { // the first reads the file from the disk
				took[binary] = append(took[binary], t.Seconds())
			}
		}
	}
	compare := func(figure, beside string) (start, size row, err error) {
		start = row{figure: "start to handshake, beside " + figure, ours: seconds(took[ours]), beside: seconds(took[beside])}
		// Single starts are too short to be compared one by one.
		start.ratio = spreadOf([]float64{median(took[ours]) / median(took[beside])})
		mine, err := os.Stat(ours)
		if err != nil {
			return start, size, err
		}
		other, err := os.Stat(beside)
		if err != nil {
			return start, size, err
		}
		size = row{figure: "binary, stripped, beside " + figure, ours: megabytes(mine.Size()), beside: megabytes(other.Size())}
		size.ratio = spreadOf([]float64{float64(mine.Size()) / float64(other.Size())})
		return start, size.valueAtMost(float64(mine.Size())/1e6, 35, "MB"), nil
	}
	startup, size, err := compare("an empty provider", empty)
	if err != nil {
		return err
	}
	s.add(startup.atMost(2))
	s.add(size)
	if stripped != nil {
		s.missing("without the archive", stripped)
	} else {
		startup, size, err := compare("itself without the archive and its drivers", without)
		if err != nil {
			return err
		}
		size.wanted = ""
		s.add(startup)
		s.add(size)
	}
	drivers, all, err := initialisers(ctx, ours)
	if err != nil {
		return err
	}
	s.add(row{figure: "initialisers of the archive's drivers, beside all", ours: milliseconds(drivers), beside: milliseconds(all), ratio: spreadOf([]float64{drivers / all})})
	s.notef("From the start of the process to the line that tells Terraform where to connect, the median of %d starts of each; the empty provider has the framework and nothing else. "+
		"Apart from initialisers nothing of a driver runs before a resource uses it.", b.starts)
	return nil
}

func (b *bench) binary(name string) string { return executable(filepath.Join(b.temp, name)) }

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

func milliseconds(ms float64) string { return fmt.Sprintf("%.2f ms", ms) }

// handshake starts a provider as Terraform does, and returns how long it takes
// to say where it listens.
func handshake(ctx context.Context, binary string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = append(os.Environ(), magicCookie, protocolVersions)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	took := time.Since(start)
	cancel()
	_ = cmd.Wait() // it was killed
	if err != nil || !strings.HasPrefix(line, "1|6|") {
		return 0, fmt.Errorf("%s said %q in place of a handshake: %w", filepath.Base(binary), line, errors.Join(err, context.Cause(ctx)))
	}
	return took, nil
}

// initLine matches "init net/http @1.2 ms, 0.034 ms clock, 25872 bytes, 200 allocs".
var initLine = regexp.MustCompile(`(?m)^init (\S+) @\S+ ms, (\S+) ms clock`)

// initialisers are the milliseconds that a binary's initialisers take, those of
// the drivers of buckets and all.
func initialisers(ctx context.Context, binary string) (drivers, all float64, err error) {
	cmd := exec.CommandContext(ctx, binary, "-help")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return 0, 0, err
	}
	for _, match := range initLine.FindAllSubmatch(said.Bytes(), -1) {
		ms, err := strconv.ParseFloat(string(match[2]), 64)
		if err != nil {
			return 0, 0, err
		}
		all += ms
		for _, driver := range []string{"gocloud.dev/", "github.com/aws/", "github.com/googleapis/", "go.opencensus.io/"} {
			if strings.HasPrefix(string(match[1]), driver) {
				drivers += ms
			}
		}
	}
	if all == 0 {
		return 0, 0, errors.New("the runtime did not tell of its initialisers")
	}
	return drivers, all, nil
}
