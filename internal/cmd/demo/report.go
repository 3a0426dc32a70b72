package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// outputs are the outputs of examples/demo, as `output -json` prints them.
type outputs struct {
	Summary struct {
		Value struct {
			Packages   int64  `json:"packages"`
			Bytes      int64  `json:"bytes"`
			Pages      int64  `json:"pages"`
			PageSize   int64  `json:"page_size"`
			APIVersion string `json:"api_version"`
		} `json:"value"`
	} `json:"summary"`
	First struct {
		Value []struct {
			Name   string `json:"log_packet_name"`
			Domain string `json:"domain"`
			Area   string `json:"area"` // null if the API omits it
			Start  string `json:"log_start_time"`
			End    string `json:"log_end_time"`
			Size   int64  `json:"size"`
		} `json:"value"`
	} `json:"first_packages"`
	Coverage struct {
		Value struct {
			Text string `json:"text"`
			HTML string `json:"html"`
		} `json:"value"`
	} `json:"coverage"`
}

// report prints the summary and the first packages, and returns all outputs.
func report(w io.Writer, text []byte) (outputs, error) {
	var o outputs
	if err := json.Unmarshal(text, &o); err != nil {
		return o, fmt.Errorf("the outputs of the demo: %w", err)
	}
	s := o.Summary.Value
	fmt.Fprintf(w, "\n%d packages, %d bytes, on %d pages of up to %d (API %s)\n\n",
		s.Packages, s.Bytes, s.Pages, s.PageSize, s.APIVersion)
	if len(o.First.Value) == 0 {
		return o, nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PACKAGE\tDOMAIN\tAREA\tFROM\tTO\tBYTES")
	for _, p := range o.First.Value {
		area := p.Area
		if area == "" {
			area = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\n", p.Name, p.Domain, area, p.Start, p.End, p.Size)
	}
	if rest := s.Packages - int64(len(o.First.Value)); rest > 0 {
		fmt.Fprintf(table, "… and %d more\n", rest)
	}
	if err := table.Flush(); err != nil {
		return o, err
	}
	fmt.Fprintln(w)
	return o, nil
}
