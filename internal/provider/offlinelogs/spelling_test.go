package offlinelogs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// A name in another spelling is the same name: the service is asked for the normal
// form, and what it answers is listed in that form, whichever it uses itself.
func TestSpellingsOfANameAreOneName(t *testing.T) {
	t.Parallel()
	at := time.Date(2022, 5, 4, 3, 0, 0, 0, time.UTC)
	account := func(site, host string) teosim.Catalogue {
		return teosim.Catalogue{
			Zones: []teosim.Zone{{ID: "zone-1", Name: site}, {ID: "zone-2", Name: "example.org"}},
			L7: []teosim.Package{
				{ZoneID: "zone-1", Host: host, Area: "mainland", Name: teosim.PackageName("x", at, time.Hour), Start: at, End: at.Add(time.Hour), Size: 1},
				{ZoneID: "zone-2", Host: "www.example.org", Area: "mainland", Name: teosim.PackageName("y", at, time.Hour), Start: at, End: at.Add(time.Hour), Size: 1},
			},
		}
	}
	window := providertest.Arguments{"start_time": "2022-05-04T03:00:00Z", "end_time": "2022-05-04T04:00:00Z"}
	for name, test := range map[string]struct {
		site, host     string // as the service has them
		zones, domains []string
		sent           string // for domains
		key            string
	}{
		"case":             {"example.com", "www.example.com", []string{"Example.COM"}, []string{"WWW.Example.com"}, `"Domains":["www.example.com"]`, "www.example.com"},
		"dot of the root":  {"example.com", "www.example.com", []string{"example.com."}, []string{"www.example.com."}, `"Domains":["www.example.com"]`, "www.example.com"},
		"twice":            {"example.com", "www.example.com", []string{"example.com"}, []string{"www.example.com", "WWW.example.com."}, `"Domains":["www.example.com"]`, "www.example.com"},
		"IDN":              {"xn--bcher-kva.example", "www.xn--bcher-kva.example", []string{"Bücher.example"}, []string{"www.BÜCHER.example"}, `"Domains":["www.xn--bcher-kva.example"]`, "www.xn--bcher-kva.example"},
		"site in Unicode":  {"bücher.example", "www.xn--bcher-kva.example", []string{"xn--bcher-kva.example"}, nil, "", "www.xn--bcher-kva.example"},
		"site in capitals": {"Example.com", "www.example.com", []string{"example.com"}, nil, "", "www.example.com"},
		"host in capitals": {"example.com", "WWW.Example.com.", []string{"example.com"}, nil, "", "www.example.com"},
		"host in Unicode":  {"example.com", "www.bücher.example", []string{"example.com"}, nil, "", "www.xn--bcher-kva.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, version := range []string{"2022-01-06", "2022-09-01"} {
				if version == "2022-01-06" && (test.site != "example.com" && test.site != "xn--bcher-kva.example") {
					continue // that version is asked by name only
				}
				sim := simtest.Start(t, teosim.Options{Catalogue: account(test.site, test.host)})
				w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim).And(providertest.Arguments{"api_version": version}))
				config := window.And(providertest.Arguments{"zones": test.zones})
				if test.domains != nil {
					config["domains"] = test.domains
				}
				state, diags := w.Read("teo_l7_offline_logs", config)
				providertest.Expect(t, diags)
				rows := state["logs"].([]any)
				if len(rows) != 1 {
					t.Fatalf("%s: %d packages", version, len(rows))
				}
				row := rows[0].(map[string]any)
				if row["key"] != test.key+"/mainland/20220504-03-x" || row["domain"] != test.key {
					t.Errorf("%s: the key is %v, the domain %v", version, row["key"], row["domain"])
				}
				if test.sent != "" && !slices.ContainsFunc(sim.Requests(), func(r teosim.Request) bool { return strings.Contains(string(r.Body), test.sent) }) {
					t.Errorf("%s: %s was not sent", version, test.sent)
				}
			}
		})
	}
}
