package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// BenchmarkStart is the time from the start of a provider's process to the line
// that tells Terraform where to connect. binary-B is the size of the binary.
// The baseline is a provider with nothing but the framework in it.
func BenchmarkStart(b *testing.B) {
	for _, of := range []struct{ name, pkg string }{{"empty", "./internal/cmd/bench/empty"}, {"provider", "."}} {
		binary := build(b, of.pkg).Binary()
		b.Run(of.name, func(b *testing.B) {
			handshake(b, binary) // reads the file from the disk
			for b.Loop() {
				handshake(b, binary)
			}
			info, err := os.Stat(binary)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.Size()), "binary-B")
		})
	}
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
