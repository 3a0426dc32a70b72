package simtest

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Witness is litewitness, an independent witness of transparency logs.
type Witness struct {
	// URL is its address, and Key its verifier key.
	URL, Key string

	t        testing.TB
	database string
}

// StartWitness starts a witness, or skips the test where there is no litewitness or no
// sqlite3. It knows no log yet.
func StartWitness(t testing.TB) *Witness {
	t.Helper()
	Tool(t, "sqlite3")
	binary := os.Getenv("LITEWITNESS")
	if binary == "" {
		binary = filepath.Join("..", "..", "bin", "tools", "litewitness")
	}
	if _, err := os.Stat(binary); err != nil {
		if binary, err = exec.LookPath("litewitness"); err != nil {
			t.Skip("there is no witness: set LITEWITNESS, or run make bin/tools/litewitness")
		}
	}
	// The path of a socket is short.
	folder, err := os.MkdirTemp("", "w") //nolint:usetesting // a name of a test is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket, fingerprint := serveAgent(t, filepath.Join(folder, "agent"))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	w := &Witness{URL: "http://" + address, t: t, database: filepath.Join(folder, "witness.db")}
	cmd := exec.Command(binary, "-name", "witness.example.com/w1", "-db", w.database, "-ssh-agent", socket, "-listen", address, "-key", fingerprint) //nolint:noctx // killed below
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	// It prints its verifier key when the database exists.
	lines := bufio.NewScanner(stderr)
	vkey := regexp.MustCompile(`vkey="?([^ "]+)`)
	var said strings.Builder
	for w.Key == "" && lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if found := vkey.FindStringSubmatch(lines.Text()); found != nil {
			w.Key = found[1]
		}
	}
	if w.Key == "" {
		t.Fatalf("the witness says no key:\n%s", said.String())
	}
	go func() {
		for lines.Scan() { // or it would block
		}
	}()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", address, time.Second) //nolint:noctx // bounded by itself
		if err == nil {
			_ = conn.Close()
			return w
		}
		if time.Now().After(deadline) {
			t.Fatal("the witness does not listen")
		}
	}
}

// serveAgent serves an SSH agent with one key, and returns its socket and the key's
// fingerprint.
func serveAgent(t testing.TB, socket string) (path, fingerprint string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(context.WithoutCancel(t.Context()), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keys, conn) }()
		}
	}()
	return socket, ssh.FingerprintSHA256(signer.PublicKey())
}

// AddLog lets the witness know a log by its origin and verifier key.
func (w *Witness) AddLog(origin, key string) {
	w.t.Helper()
	empty := sha256.Sum256(nil)
	w.sql(fmt.Sprintf("INSERT INTO log VALUES ('%s', 0, '%s'); INSERT INTO key VALUES ('%s', '%s');",
		origin, base64.StdEncoding.EncodeToString(empty[:]), origin, key))
}

// Size returns the size of the last head of a log that it cosigned, as text.
func (w *Witness) Size(origin string) string {
	w.t.Helper()
	return w.sql(fmt.Sprintf("SELECT tree_size FROM log WHERE origin = '%s'", origin))
}

func (w *Witness) sql(statement string) string {
	w.t.Helper()
	out, err := exec.CommandContext(w.t.Context(), Tool(w.t, "sqlite3"), "-cmd", ".timeout 10000", w.database, statement).CombinedOutput()
	if err != nil {
		w.t.Fatalf("sqlite3: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}
