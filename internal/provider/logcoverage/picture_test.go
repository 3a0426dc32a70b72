package logcoverage_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

var update = flag.Bool("update", false, "write docs/images/log-coverage.svg as the provider draws it now")

// picturedAccount has hours of each status: three days of a shop that lost the
// packages of one morning, of an API without visitors at night, and of a domain with
// logs but without counted requests.
func picturedAccount() teosim.Catalogue {
	c := teosim.Catalogue{Zones: []teosim.Zone{{ID: "zone-27q0p0bali16", Name: "example.com"}}}
	for hour := range 7 * 24 {
		at := day.Add(time.Duration(hour) * time.Hour)
		add := func(host string, requests int64, change func(*teosim.Package)) {
			p := teosim.Package{
				ZoneID: "zone-27q0p0bali16", Host: host, Area: "mainland", Name: teosim.PackageName(host, at, time.Hour),
				Start: at, End: at.Add(time.Hour), Requests: requests,
			}
			if change != nil {
				change(&p)
			}
			c.L7 = append(c.L7, p)
		}
		busy := int64(900 + 700*(at.Hour()%12) + 13*(hour%7))
		add("www.example.com", busy, func(p *teosim.Package) { p.Lost = hour >= 3*24+5 && hour < 3*24+8 || hour == 5*24+17 })
		if at.Hour() >= 7 && at.Hour() < 21 {
			add("api.example.com", busy/10, func(p *teosim.Package) { p.Uncounted = hour == 2*24+9 })
		}
	}
	return c
}

// TestThePictureInTheDocumentationIsCurrent compares the picture in the documentation with what the
// simulator gives. `make generate` writes it.
func TestThePictureInTheDocumentationIsCurrent(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: picturedAccount()})
	now := day.AddDate(0, 0, 7).Add(18 * time.Hour)
	w := providertest.Configured(t, provider.Options{Now: func() time.Time { return now }}, providertest.SignIn(sim))
	kind := w.Schema.DataSourceSchemas["teo_l7_log_coverage"].ValueType()
	answer, err := w.Server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: "teo_l7_log_coverage",
		Config:   w.Encode(kind, providertest.Arguments{"start_time": "2022-05-04T00:00:00Z", "end_time": "2022-05-11T00:00:00Z", "zone_ids": []string{"zone-27q0p0bali16"}}),
	})
	w.Must(err)
	state, err := answer.State.Unmarshal(kind)
	w.Must(err)
	var attributes map[string]tftypes.Value
	w.Must(state.As(&attributes))
	picture, problem := chart(w, attributes["hosts"], "svg")
	if problem != nil {
		t.Fatal(problem.Text)
	}
	path := filepath.Join("..", "..", "..", "docs", "images", "log-coverage.svg")
	if *update {
		w.Must(os.MkdirAll(filepath.Dir(path), 0o755))
		w.Must(os.WriteFile(path, []byte(picture), 0o644))
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != picture {
		t.Error("docs/images/log-coverage.svg differs from what the provider draws: run make generate")
	}
}
