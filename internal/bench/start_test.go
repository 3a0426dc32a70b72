package bench

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// BenchmarkStart is the time from the start of the provider's process to the line that
// tells Terraform where to connect. x-empty is that time, and x-empty-size the size of
// the binary, against those of a provider with nothing but the framework in it.
func BenchmarkStart(b *testing.B) {
	ours, empty := build(b, ".").Binary(), build(b, "./internal/bench/empty").Binary()
	handshake(b, ours) // reads the files from the disk
	handshake(b, empty)
	var baseline time.Duration
	for b.Loop() {
		b.StopTimer()
		begin := time.Now()
		handshake(b, empty)
		baseline += time.Since(begin)
		b.StartTimer()
		handshake(b, ours)
	}
	b.ReportMetric(b.Elapsed().Seconds()/baseline.Seconds(), "x-empty")
	b.ReportMetric(size(b, ours)/size(b, empty), "x-empty-size")
}

// size is the length of a file in bytes.
func size(b *testing.B, file string) float64 {
	b.Helper()
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.Size())
}

// handshake starts a provider as Terraform does, and waits for its first line.
func handshake(b *testing.B, binary string) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = append(os.Environ(),
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", "PLUGIN_PROTOCOL_VERSIONS=6")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	cancel()
	_ = cmd.Wait() // it was killed
	if err != nil || !strings.HasPrefix(line, "1|6|") {
		b.Fatal(fmt.Errorf("%q is not a handshake: %w", line, err))
	}
}
