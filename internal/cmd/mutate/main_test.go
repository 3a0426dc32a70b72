package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
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

// writePackage writes a package to a folder of the test.
func writePackage(t *testing.T, code, tests string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
	for name, text := range map[string]string{"go.mod": "module p\n\ngo 1.26\n", "p.go": code, "p_test.go": tests} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// The change that the tests do not try survives, the other one is noticed.
func TestSurvivorsArePrinted(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds packages")
	}
	t.Chdir(writePackage(t, code, tests))
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-timeout", "1m", "."}, &out); err != nil {
		t.Fatal(err)
	}
	want := "p.go:3:37: a < b → a <= b\n.: 2 of 2 possible changes tried: 1 noticed, 0 did not end in time, 1 survived; 0 others did not compile\n"
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

// A changed function is a copy of the function, which has its parameters whether they
// have names or not. What is in no function is changed as well, and what no longer
// compiles is left out.
func TestEachKindOfFunctionIsChanged(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds packages")
	}
	t.Chdir(writePackage(t, `package p

const limit = 10

type list[T any] struct{ items []T }

func (l *list[T]) add(items ...T) { l.items = append(l.items, items...); count++ }

type first struct{}

func (first) less(int, string) bool { return limit <= 10 }

var count int

func Map[K comparable, V any](keys []K, _ func(K) V, zero V) (m map[K]V, err error) {
	defer func() { count++ }()
	m = map[K]V{}
	for _, k := range keys {
		m[k] = zero
	}
	return m, err
}

func init() { count = 5 }

func Unknown() int { n := 0; n = f(); return n }

func f() int { return 7 }
`, `package p

import "testing"

func TestAll(t *testing.T) {
	if !(first{}).less(0, "") || count != 5 || Unknown() != 7 {
		t.Error("less", count, Unknown())
	}
	l := &list[int]{}
	l.add(1, 2)
	if len(l.items) != 2 || count != 6 {
		t.Error(l.items, count)
	}
	m, err := Map([]string{"a"}, func(string) int { return 0 }, 3)
	if m["a"] != 3 || err != nil || count != 7 {
		t.Error(m, err, count)
	}
}
`))
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-timeout", "1m", "-v", "."}, &out); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(got)
	want := []string{
		".: 15 of 16 possible changes tried: 12 noticed, 0 did not end in time, 3 survived; 1 others did not compile",
		"does not compile: p.go:19:3: m[k] = zero → (removed)",
		"noticed: p.go:11:52: limit <= 10 → limit < 10",
		"noticed: p.go:11:52: limit <= 10 → limit > 10",
		"noticed: p.go:16:17: count++ → (removed)",
		"noticed: p.go:16:2: defer func() { count++ }() → (removed)",
		"noticed: p.go:17:2: m = map[K]V{} → (removed)",
		"noticed: p.go:24:15: count = 5 → (removed)",
		"noticed: p.go:24:23: 5 → 6",
		"noticed: p.go:26:30: n = f() → (removed)",
		"noticed: p.go:28:23: 7 → 8",
		"noticed: p.go:3:15: 10 → 11",
		"noticed: p.go:7:37: l.items = append(l.items, items...) → (removed)",
		"noticed: p.go:7:74: count++ → (removed)",
		"survived: p.go:11:55: 10 → 11",
		"survived: p.go:21:12: err → nil",
		"survived: p.go:26:27: 0 → 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
