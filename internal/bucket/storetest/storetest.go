// Package storetest starts real S3 servers for tests. They are built from their Go
// modules by make test-stores.
package storetest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// ID and Secret are the credentials that each server knows.
const (
	ID     = "test"
	Secret = "testsecret"
)

// Server is an S3 server.
type Server struct {
	Name string // of the binary, too

	variable string // of the environment, with the path of the binary
	command  func(binary, address, dir string) *exec.Cmd
}

// The servers. What each of them lacks is in the guide "Stores".
var (
	Versitygw = Server{Name: "versitygw", variable: "VERSITYGW", command: func(binary, address, dir string) *exec.Cmd {
		return exec.Command(binary, "--access", ID, "--secret", Secret, "--region", "us-east-1", "--port", address,
			"--quiet", "posix", "--versioning-dir", dir+".versions", dir)
	}}
	MinIO = Server{Name: "minio", variable: "MINIO", command: func(binary, address, dir string) *exec.Cmd {
		cmd := exec.Command(binary, "server", "--quiet", "--address", address, dir)
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+ID, "MINIO_ROOT_PASSWORD="+Secret, "MINIO_BROWSER=off", "MINIO_UPDATE=off", "CI=true")
		return cmd
	}}
	Rclone = Server{Name: "rclone", variable: "RCLONE", command: func(binary, address, dir string) *exec.Cmd {
		return exec.Command(binary, "--config", os.DevNull, "serve", "s3", "--addr", address, "--auth-key", ID+","+Secret, dir)
	}}
	Gofakes3 = Server{Name: "gofakes3", variable: "GOFAKES3", command: func(binary, address, _ string) *exec.Cmd {
		return exec.Command(binary, "-host", address, "-backend", "memory", "-quiet")
	}}
)

// binary finds the server in the environment, in bin/tools or on PATH, or skips
// the test.
func (s Server) binary(t testing.TB) string {
	t.Helper()
	if _, isTest := t.(*testing.T); isTest && testing.Short() {
		t.Skip("it starts an S3 server")
	}
	if path := os.Getenv(s.variable); path != "" {
		return path
	}
	_, file, _, _ := runtime.Caller(0)
	path := filepath.Join(filepath.Dir(file), "..", "..", "..", "bin", "tools", s.Name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	path, err := exec.LookPath(s.Name)
	if err != nil {
		t.Skipf("%s is missing: set %s, or run make bin/tools/%[1]s", s.Name, s.variable)
	}
	return path
}

// Start starts the server without buckets, waits until it listens, and returns its
// host and port. It skips the test if the server is not built.
func (s Server) Start(t testing.TB) string {
	t.Helper()
	binary := s.binary(t)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	dir := filepath.Join(t.TempDir(), "data")
	for _, path := range []string{dir, dir + ".versions"} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := s.command(binary, address, dir)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() && output.Len() > 0 {
			t.Logf("%s: %.2000s", s.Name, output.String())
		}
	})
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", address, time.Second) //nolint:noctx // bounded by itself
		if err == nil {
			_ = conn.Close()
			return address
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen", s.Name)
		}
	}
}
