package logcoverage_test

import (
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// BenchmarkCoverage compares 500 domains over 31 days, on a simulator that
// answers after 50 ms and allows the documented 100 requests a second. x-limit is
// the time against that of the fewest possible requests at that rate: the
// packages of 300 rows a page, which take the longest, are listed beside the
// analytics. x-requests are all requests against the fewest possible.
func BenchmarkCoverage(b *testing.B) {
	domains, days := 500, 31
	if testing.Short() {
		domains, days = 10, 2
	}
	account := teosim.Generate(teosim.GenerateOptions{Domains: domains, Slots: days * 24, Areas: []string{"mainland"}, LinesPerMember: 5})
	sim := simtest.Start(b, teosim.Options{Catalogue: account, Latency: 50 * time.Millisecond})
	w := providertest.Configured(b, provider.Options{}, providertest.SignIn(sim))
	start := account.L7[0].Start
	config := providertest.Arguments{
		"start_time": start.Format(time.RFC3339), "end_time": start.AddDate(0, 0, days).Format(time.RFC3339), "zone_ids": []string{account.Zones[0].ID},
	}
	// The index of the simulator's traffic is made by the first request.
	if _, diags := w.Read("teo_l7_log_coverage", config.And(providertest.Arguments{"end_time": start.Add(time.Hour).Format(time.RFC3339)})); diags.Failed() {
		b.Fatal(diags.Text())
	}
	sim.ResetCounters()
	for b.Loop() {
		state, diags := w.Read("teo_l7_log_coverage", config)
		if diags.Failed() {
			b.Fatal(diags.Text())
		}
		if covered := state["covered_hours"]; covered != int64(domains*days*24) {
			b.Fatalf("%v hours are covered, want %d", covered, domains*days*24)
		}
	}
	pages := (len(account.L7) + 299) / 300
	fewest := pages + 1 + min(domains, days*24)
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*100/float64(pages), "x-limit")
	b.ReportMetric(float64(len(sim.Requests()))/float64(b.N)/float64(fewest), "x-requests")
}
