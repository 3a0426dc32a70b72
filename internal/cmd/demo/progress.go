package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
)

// progressWriter prints the progress of a command. The output of init is printed only
// if init fails. Of the messages of apply (-json, one per line), it prints progress
// and diagnostics.
type progressWriter struct {
	out  io.Writer
	json bool

	mu   sync.Mutex // standard output and error are two writers
	line []byte
	all  bytes.Buffer
}

func newProgressWriter(out io.Writer, json bool) *progressWriter {
	return &progressWriter{out: out, json: json}
}

// Write accepts any part of the output.
func (n *progressWriter) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.line = append(n.line, p...)
	for {
		end := bytes.IndexByte(n.line, '\n')
		if end < 0 {
			return len(p), nil
		}
		n.print(n.line[:end])
		n.line = n.line[end+1:]
	}
}

// flush ends the output. If the command has failed, it prints all other output.
func (n *progressWriter) flush(failed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.print(n.line)
	n.line = nil
	if failed {
		_, _ = n.out.Write(n.all.Bytes())
	}
}

// message is a line of the machine-readable output.
type message struct {
	Text       string `json:"@message"`
	Type       string `json:"type"`
	Diagnostic struct {
		Severity, Summary, Detail string
	} `json:"diagnostic"`
}

func (n *progressWriter) print(line []byte) {
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	var m message
	if !n.json || json.Unmarshal(line, &m) != nil {
		n.all.Write(line)
		n.all.WriteByte('\n')
		return
	}
	switch m.Type {
	case "apply_start", "apply_progress", "apply_complete", "apply_errored", "refresh_start", "refresh_complete", "change_summary":
		fmt.Fprintf(n.out, "    %s\n", m.Text)
	case "diagnostic":
		fmt.Fprintf(n.out, "    %s: %s\n", strings.ToUpper(m.Diagnostic.Severity), m.Diagnostic.Summary)
		for _, line := range strings.Split(m.Diagnostic.Detail, "\n") {
			fmt.Fprintf(n.out, "    | %s\n", line)
		}
	}
}
