package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Each statement is followed by the changes that are expected of it.
func TestEachStatementHasItsChanges(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]string{
		"_ = a < b":                        {"a < b → a <= b", "a < b → a >= b"},
		"_ = a == b":                       {"a == b → a != b"},
		"_ = a && !b":                      {"a && !b → a || !b", "!b → b"},
		"_ = a + 1":                        {"a + 1 → a - 1", "1 → 2"},
		`_ = "a" + b`:                      {},
		"_ = min(a, b)":                    {"min(a, b) → max(a, b)", "min(a, b) → a", "min(a, b) → b"},
		"_ = true":                         {"true → false"},
		"if ok { f() }":                    {"ok → !ok", "f() → (removed)"},
		"if f() { return }":                {"f() → !f()"},
		"switch { case a: b = c }":         {"b = c → (removed)"},
		"switch { case f(a): }":            {"f(a) → !f(a)"},
		"for { a++; break }":               {"a++ → (removed)", "break → (removed)"},
		"defer f()":                        {"defer f() → (removed)"},
		"a := f()":                         {},
		"return a, err":                    {"err → nil"},
		"_ = T{A: b, C: d}":                {"A: b, → (removed)", "C: d → (removed)"},
		"_ = context.WithoutCancel(ctx)":   {"context.WithoutCancel(ctx) → ctx"},
		"for i := range 3 { continue }":    {"3 → 4", "continue → (removed)"},
		"select { case <-a: default: f()}": {"f() → (removed)"},
	} {
		file := "package p\n\nfunc f() {\n" + source + "\n}\n"
		found, err := mutations("p.go", []byte(file))
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, m := range found {
			text, here := strings.CutPrefix(m.String(), fmt.Sprintf("p.go:4:%d: ", m.column))
			// Each other assignment is a change of its own, which is not repeated here.
			if here && text != source+" → (removed)" || strings.HasPrefix(source, "defer") {
				got = append(got, text)
			}
			if changed := string(m.apply([]byte(file))); len(changed) != len(file)-len(m.old)+len(m.new) || changed == file {
				t.Errorf("%s: %q", m, changed)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
}

func TestLongTextsAreShortened(t *testing.T) {
	t.Parallel()
	m := mutation{file: "p.go", line: 1, column: 5, old: strings.Repeat("é ", 100), new: "\n"}
	if want := fmt.Sprintf("p.go:1:5: %s… → (removed)", strings.Repeat("é ", 34)+"é"); m.String() != want {
		t.Errorf("got %q, want %q", m, want)
	}
}
