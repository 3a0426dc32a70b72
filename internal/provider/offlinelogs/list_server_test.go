package offlinelogs_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// lists reads one list, as data source and as ephemeral resource.
func lists(w *providertest.Wire) map[string]func(a providertest.Arguments) (map[string]any, providertest.Diagnostics) {
	all := map[string]func(a providertest.Arguments) (map[string]any, providertest.Diagnostics){}
	for name, schema := range w.Schema.DataSourceSchemas {
		if providertest.HasAttribute(schema.Block, "logs") {
			all["data "+name] = func(a providertest.Arguments) (map[string]any, providertest.Diagnostics) { return w.Read(name, a) }
		}
	}
	for name, schema := range w.Schema.EphemeralResourceSchemas {
		if providertest.HasAttribute(schema.Block, "logs") {
			all["ephemeral "+name] = func(a providertest.Arguments) (map[string]any, providertest.Diagnostics) {
				return w.OpenResult(name, a)
			}
		}
	}
	return all
}

// What listServer writes is decoded with the schema of every list, for no row, one
// row, many rows, and rows and URLs that are null. The schema and the encoder are
// written separately, so this test keeps them in agreement.
func TestListsDecodeWithTheirSchema(t *testing.T) {
	t.Parallel()
	empty := teosim.Catalogue{Zones: []teosim.Zone{{ID: "zone-gen0000", Name: "site0.example"}}}
	generated := func(slots int) teosim.Catalogue {
		return teosim.Generate(teosim.GenerateOptions{Slots: slots, Proxies: 1, Areas: []string{"mainland"}})
	}
	nullRows := []teosim.Fault{}
	for _, field := range []string{"Domain", "ProxyId", "Area", "LogPacketName", "Url", "LogTime", "LogStartTime", "LogEndTime", "Size"} {
		nullRows = append(nullRows, teosim.Fault{Name: teosim.NullField, Value: "Data." + field})
	}
	window := providertest.Arguments{"start_time": "2022-05-01T00:00:00Z", "end_time": "2022-06-01T00:00:00Z", "zone_ids": []string{"zone-gen0000"}}
	for name, test := range map[string]struct {
		catalogue teosim.Catalogue
		faults    []teosim.Fault
		config    providertest.Arguments
		rows      int
	}{
		"no row":       {catalogue: empty},
		"no URLs":      {catalogue: generated(3), config: providertest.Arguments{"include_urls": false}, rows: 3},
		"one row":      {catalogue: generated(1), rows: 1},
		"many rows":    {catalogue: generated(700), rows: 700},
		"rows of null": {catalogue: generated(2), faults: nullRows, rows: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{Catalogue: test.catalogue, Rates: teosim.Unlimited()})
			for _, fault := range test.faults {
				sim.Inject(fault)
			}
			w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim).And(providertest.Arguments{"requests_per_second": 10000}))
			lists := lists(w)
			if len(lists) != 4 {
				t.Fatalf("there are %d lists, want data sources and ephemeral resources of two layers", len(lists))
			}
			for list, read := range lists {
				state, diags := read(window.And(test.config))
				if diags.Failed() {
					t.Fatalf("%s: %s", list, diags.Text())
				}
				rows, ok := state["logs"].([]any)
				if !ok || len(rows) != test.rows {
					t.Fatalf("%s: %d rows, want %d", list, len(rows), test.rows)
				}
				urls, ok := state["urls"].(map[string]any)
				if want := test.config["include_urls"] == nil; ok != want || want && len(urls) != test.rows {
					t.Errorf("%s: %d URLs, want %d", list, len(urls), test.rows)
				}
				for i, row := range rows {
					checkRow(t, list, test.faults != nil, row.(map[string]any), urls, i)
				}
			}
		})
	}
}

// checkRow checks that the attributes of row i are null, or none of them is.
func checkRow(t *testing.T, list string, null bool, row, urls map[string]any, i int) {
	t.Helper()
	key, _ := row["key"].(string)
	if key == "" {
		t.Errorf("%s: row %d has no key", list, i)
	}
	url, listed := urls[key]
	if urls != nil && (!listed || (url == nil) != null) {
		t.Errorf("%s: the URL of row %d is %v", list, i, url)
	}
	for name, value := range row {
		if name != "key" && (value == nil) != null {
			t.Errorf("%s: %s of row %d is %v", list, name, i, value)
		}
	}
}

// Reads at the same time, one of which fails and one of which is cancelled, get
// their own rows, and so do the instances of the provider.
func TestListsAtTheSameTimeGetTheirOwnRows(t *testing.T) {
	t.Parallel()
	start := time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)
	one := simtest.Start(t, teosim.Options{Rates: teosim.Unlimited(), Catalogue: teosim.Generate(teosim.GenerateOptions{Slots: 40, Areas: []string{"mainland"}})})
	other := simtest.Start(t, teosim.Options{Rates: teosim.Unlimited(), Catalogue: teosim.Generate(teosim.GenerateOptions{Slots: 40, Areas: []string{"overseas"}})})
	var reads sync.WaitGroup
	for sim, area := range map[*teosim.Sim]string{one: "mainland", other: "overseas"} {
		w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim).And(providertest.Arguments{"requests_per_second": 10000}))
		window := func(hour int) providertest.Arguments {
			at := start.Add(time.Duration(hour) * time.Hour)
			return providertest.Arguments{"start_time": at.Format(time.RFC3339), "end_time": at.Add(time.Hour).Format(time.RFC3339), "zone_ids": []string{"zone-gen0000"}}
		}
		for hour := range 40 {
			for list, read := range lists(w) {
				if strings.Contains(list, "l4") {
					continue
				}
				reads.Go(func() {
					switch hour % 4 {
					case 0:
						ctx, cancel := context.WithCancel(t.Context())
						cancel()
						if state, _ := w.ReadContext(ctx, "teo_l7_offline_logs", window(hour)); state["logs"] != nil {
							t.Errorf("a cancelled read has the rows %v", state["logs"])
						}
						return
					case 1:
						if state, diags := read(window(hour).And(providertest.Arguments{"max_packages": 1, "start_time": "2022-05-01T00:00:00Z"})); !diags.Failed() || state["logs"] != nil {
							t.Errorf("a read that fails has the rows %v", state["logs"])
						}
						return
					}
					state, diags := read(window(hour))
					if diags.Failed() {
						t.Error(diags.Text())
						return
					}
					name := teosim.PackageName("www0.site0.example", start.Add(time.Duration(hour)*time.Hour), time.Hour)
					key := fmt.Sprintf("www0.site0.example/%s/%s", area, name)
					rows, _ := state["logs"].([]any)
					urls, _ := state["urls"].(map[string]any)
					if len(rows) != 1 || rows[0].(map[string]any)["key"] != key || len(urls) != 1 || urls[key] == nil {
						t.Errorf("%s: got the rows %v, want %s", list, rows, key)
					}
				})
			}
		}
	}
	reads.Wait()
}
