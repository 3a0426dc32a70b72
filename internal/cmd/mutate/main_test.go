package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A package whose test does not try the bound.
const (
	code = `package p

func Less(a, b int) bool { return a < b }
`
	tests = `package p

import "testing"

func TestLess(t *testing.T) {
	if !Less(1, 2) || Less(2, 1) {
		t.Error("Less")
	}
}
`
)

// The change that the tests do not try survives, the other one is noticed.
func TestSurvivorsArePrinted(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds packages")
	}
	t.Chdir(t.TempDir())
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
	for name, text := range map[string]string{"go.mod": "module p\n\ngo 1.26\n", "p.go": code, "p_test.go": tests} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-timeout", "1m", "."}, &out); err != nil {
		t.Fatal(err)
	}
	want := "p.go:3: a < b → a <= b\n.: 2 of 2 possible changes tried: 1 noticed, 0 stopped after 1m0s, 1 survived; 0 others did not compile\n"
	if out.String() != want {
		t.Errorf("got\n%s, want\n%s", &out, want)
	}
	// The tests of another package can notice what those of the package do not.
	if err := os.Mkdir("q", 0o700); err != nil {
		t.Fatal(err)
	}
	const users = `package q

import (
	"p"
	"testing"
)

func TestLess(t *testing.T) {
	if p.Less(1, 1) {
		t.Error("Less")
	}
}
`
	if err := os.WriteFile(filepath.Join("q", "q_test.go"), []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := run(t.Context(), []string{"-timeout", "1m", "-also", "./q", "."}, &out); err != nil || !strings.HasPrefix(out.String(), ".: 2 of 2 possible changes tried: 2 noticed") {
		t.Errorf("got %s, %v", &out, err)
	}
	if source, err := os.ReadFile("p.go"); err != nil || string(source) != code {
		t.Errorf("the package was changed: %s, %v", source, err)
	}

	// Without a change the tests must pass.
	if err := os.WriteFile("p_test.go", []byte(strings.Replace(tests, "!Less", "Less", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"."}, &out); err == nil || !strings.Contains(err.Error(), "do not pass without a change") {
		t.Errorf("got %v, want that the tests do not pass", err)
	}
}
