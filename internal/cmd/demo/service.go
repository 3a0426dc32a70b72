package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// service is the EdgeOne that the demo reads from.
type service struct {
	text       string
	env        []string // in which the provider finds it
	stop       func()
	afterwards func(io.Writer)
	notes      []string // that explain the chart
}

func (d demo) service() (service, error) {
	if d.live {
		return d.realService(), nil
	}
	catalogue, notes := demoCatalogue()
	sim, err := teosim.Start(teosim.Options{Catalogue: catalogue})
	if err != nil {
		return service{}, err
	}
	c := sim.Catalogue()
	return service{
		text: fmt.Sprintf("a simulated EdgeOne at %s: %d zones, %d L7 packages", sim.URL(), len(c.Zones), len(c.L7)),
		env: []string{
			"TENCENTCLOUD_TEO_ENDPOINT=" + sim.URL(),
			"TENCENTCLOUD_STS_ENDPOINT=" + sim.URL(),
			"TENCENTCLOUD_SECRET_ID=" + sim.SecretID(),
			"TENCENTCLOUD_SECRET_KEY=" + sim.SecretKey(),
			`TF_VAR_zones=["example.com"]`,
		},
		stop:       sim.Close,
		afterwards: func(w io.Writer) { pages(w, sim) },
		notes:      notes,
	}, nil
}

// demoCatalogue is the account of the demo. One package of www.example.com is
// lost, and in another hour nobody visits it: the list shows the same, no
// package, but the chart does not. The notes explain both hours.
func demoCatalogue() (teosim.Catalogue, []string) {
	const host = "www.example.com"
	lost := time.Date(2022, 5, 6, 4, 0, 0, 0, time.UTC)
	quiet := time.Date(2022, 5, 8, 2, 0, 0, 0, time.UTC)
	c := teosim.Demo()
	c.L7 = slices.DeleteFunc(c.L7, func(p teosim.Package) bool { return p.Host == host && p.Start.Equal(quiet) })
	for i := range c.L7 {
		c.L7[i].Lost = c.L7[i].Host == host && c.L7[i].Start.Equal(lost)
	}
	at := func(t time.Time) string { return host + " on " + t.Format("2006-01-02 at 15:04") }
	return c, []string{
		"! is " + at(lost) + ": the simulator lost the package on purpose, and the requests show it.",
		". is " + at(quiet) + ": nobody visited the site in that hour, so no package is missing.",
	}
}

// pages prints the requests that the simulator has received.
func pages(w io.Writer, sim *teosim.Sim) {
	fmt.Fprintln(w, "==> requests of the provider to the simulator")
	requests := sim.Requests()
	others := map[string]int{}
	for _, r := range requests {
		var body struct {
			PageNo, PageSize int
		}
		_ = json.Unmarshal(r.Body, &body)
		if body.PageSize == 0 {
			others[r.Version+" "+r.Action]++
			continue
		}
		outcome := "answered"
		if r.Code != "" {
			outcome = r.Code
		}
		fmt.Fprintf(w, "    %s %s %s, page %d of %d packages each: %s\n",
			r.Time.UTC().Format("15:04:05.000"), r.Version, r.Action, body.PageNo, body.PageSize, outcome)
	}
	for _, action := range slices.Sorted(maps.Keys(others)) {
		fmt.Fprintf(w, "    %s, to compare packages with traffic: %d\n", action, others[action])
	}
	fmt.Fprintf(w, "    %d requests, up to %d at once\n", len(requests), sim.InFlightPeak())
}

// realService passes on the credentials and settings of the environment. By default
// the time range is six hours that ended a day ago: a short list of complete packages.
func (d demo) realService() service {
	end := d.now().UTC().Add(-24 * time.Hour).Truncate(time.Hour)
	env := []string{
		"TF_VAR_start_time=" + end.Add(-6*time.Hour).Format(time.RFC3339),
		"TF_VAR_end_time=" + end.Format(time.RFC3339),
		"TF_VAR_coverage=false",
	}
	for _, pair := range d.environ {
		for _, prefix := range []string{"TENCENTCLOUD_", "TCCLI_", "TKE_", "TF_VAR_"} {
			if strings.HasPrefix(pair, prefix) {
				env = append(env, pair) // the last of two wins
			}
		}
	}
	return service{
		text:       "the real EdgeOne, with the credentials of the environment; nothing is changed there",
		env:        env,
		stop:       func() {},
		afterwards: func(io.Writer) {},
	}
}
