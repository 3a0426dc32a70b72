package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
)

// narrator prints the progress of a command line. The output of init is shown only
// if it fails; of apply's messages (-json, one per line), progress and
// diagnostics are shown.
type narrator struct {
	out  io.Writer
	json bool

	mu   sync.Mutex // standard output and error are two writers
	line []byte
	all  bytes.Buffer
}

func newNarrator(out io.Writer, json bool) *narrator { return &narrator{out: out, json: json} }

// Write accepts any part of the output.
func (n *narrator) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.line = append(n.line, p...)
	for {
		end := bytes.IndexByte(n.line, '\n')
		if end < 0 {
			return len(p), nil
		}
		n.tell(n.line[:end])
		n.line = n.line[end+1:]
	}
}

// flush ends the output. If the command has failed, everything else is shown.
func (n *narrator) flush(failed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tell(n.line)
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

func (n *narrator) tell(line []byte) {
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
