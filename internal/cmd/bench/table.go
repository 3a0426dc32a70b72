package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// row is a figure: what was measured, beside what it is measured by.
type row struct {
	figure         string
	ours, beside   string
	ratio          spread // zero where there is none
	wanted         string // empty where nothing is
	within         bool
	notMeasuredFor string // why, where it is not measured
}

// atMost says which ratio is wanted.
func (r row) atMost(most float64) row {
	r.wanted, r.within = fmt.Sprintf("≤ %.2f", most), r.ratio.median <= most
	return r
}

// atLeast says which ratio is wanted.
func (r row) atLeast(least float64) row {
	r.wanted, r.within = fmt.Sprintf("≥ %.2f", least), r.ratio.median >= least
	return r
}

// valueAtMost says which value is wanted where it is not the ratio.
func (r row) valueAtMost(value, most float64, unit string) row {
	r.wanted, r.within = fmt.Sprintf("≤ %.0f %s", most, unit), value <= most
	return r
}

// section is a part of the table and what has to be said about it.
type section struct {
	title string
	// columns name what is measured and what it is measured by.
	columns [2]string
	rows    []row
	notes   []string
}

func (s *section) add(r row) { s.rows = append(s.rows, r) }

func (s *section) notef(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// missing is a figure that could not be measured here.
func (s *section) missing(figure string, why error) {
	s.add(row{figure: figure, notMeasuredFor: why.Error()})
}

// write writes the section in Markdown.
func (s *section) write(w io.Writer) {
	fmt.Fprintf(w, "### %s\n\n", s.title)
	fmt.Fprintf(w, "| | %s | %s | ratio | wanted | |\n|---|---:|---:|---:|---:|---|\n", s.columns[0], s.columns[1])
	for _, r := range s.rows {
		if r.notMeasuredFor != "" {
			fmt.Fprintf(w, "| %s | not measured: %s | | | | |\n", r.figure, strings.ReplaceAll(r.notMeasuredFor, "\n", " "))
			continue
		}
		verdict := ""
		if r.wanted != "" {
			verdict = map[bool]string{true: "yes", false: "**no**"}[r.within]
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", r.figure, r.ours, r.beside, r.ratio, r.wanted, verdict)
	}
	fmt.Fprintln(w)
	for _, note := range s.notes {
		fmt.Fprintf(w, "- %s\n", note)
	}
	if len(s.notes) > 0 {
		fmt.Fprintln(w)
	}
}

// The markers between which the table stands in the README.
const (
	markBegin = "<!-- bench:begin -->"
	markEnd   = "<!-- bench:end -->"
)

var errNoMarkers = errors.New("there is no place for the table between " + markBegin + " and " + markEnd)

// splice puts a table between the markers of a text.
func splice(text, table []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(text, []byte(markBegin))
	if !ok {
		return nil, errNoMarkers
	}
	_, after, ok := bytes.Cut(rest, []byte(markEnd))
	if !ok {
		return nil, errNoMarkers
	}
	return bytes.Join([][]byte{before, []byte(markBegin + "\n"), bytes.TrimSpace(table), []byte("\n" + markEnd), after}, nil), nil
}

// spliceFile puts a table into a file.
func spliceFile(file string, table []byte) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err = splice(text, table)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, text, 0o644)
}
