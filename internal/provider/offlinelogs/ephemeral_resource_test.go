package offlinelogs_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Every attribute of the ephemeral resources. The echo provider stores their
// result in the state, so that it can be checked.
func TestEphemeralResourcesHaveEveryAttribute(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: providertest.SmallAccount()})
	want := func(more map[string]knownvalue.Check) knownvalue.Check {
		all := map[string]knownvalue.Check{
			"start_time": knownvalue.StringExact("2022-05-04T11:00:00+08:00"), "end_time": knownvalue.StringExact("2022-05-04T04:00:00Z"),
			"zones": providertest.Nothing, "zone_ids": providertest.Nothing, "max_packages": providertest.Nothing, "include_urls": providertest.Nothing,
			"timeouts":    providertest.Nothing,
			"page_size":   providertest.Number(300),
			"pages":       providertest.Number(1),
			"api_version": knownvalue.StringExact("2022-09-01"), "request_id": requestID,
		}
		for attribute, check := range more {
			all[attribute] = check
		}
		return knownvalue.ObjectExact(all)
	}
	echoed := providertest.Factories(t, provider.Options{})
	echoed["echo"] = echoprovider.NewProviderServer()
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)},
		ProtoV6ProviderFactories: echoed,
		Steps: []resource.TestStep{{
			Config: providertest.ProviderBlock(sim, `api_version = "2022-09-01"`) + `
ephemeral "teo_l7_offline_logs" "test" {` + providertest.SmallWindow + `
  zone_ids  = ["zone-1", "zone-2"]
  page_size = 2
  timeouts  = { open = "1m" }
}

ephemeral "teo_l4_offline_logs" "test" {` + providertest.SmallWindow + `
  zones        = ["example.com"]
  proxy_ids    = ["sid-1"]
  include_urls = false
}

provider "echo" {
  data = { l7 = ephemeral.teo_l7_offline_logs.test, l4 = ephemeral.teo_l4_offline_logs.test }
}

resource "echo" "test" {}
`,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("echo.test", tfjsonpath.New("data").AtMapKey("l7"), want(map[string]knownvalue.Check{
					"domains": providertest.Nothing, "zone_ids": listedAsTuple("zone-1", "zone-2"), "page_size": providertest.Number(2), "pages": providertest.Number(3),
					"timeouts": knownvalue.ObjectExact(map[string]knownvalue.Check{"open": knownvalue.StringExact("1m")}),
					"logs":     exactRows(smallRows()), "urls": urlsOf(smallKeys...), "total_count": providertest.Number(5), "total_bytes": providertest.Number(1500),
				})),
				statecheck.ExpectKnownValue("echo.test", tfjsonpath.New("data").AtMapKey("l4"), want(map[string]knownvalue.Check{
					"zones": listedAsTuple("example.com"), "proxy_ids": listedAsTuple("sid-1"), "include_urls": knownvalue.Bool(false),
					"logs": exactRows([]map[string]knownvalue.Check{row("proxy_id", "sid-1", "mainland", "20220504-03-sid-1", 10, "03:00:00", "04:00:00")}),
					"urls": providertest.Nothing, "total_count": providertest.Number(1), "total_bytes": providertest.Number(10),
				})),
			},
		}},
	})
}

// listedAsTuple is a set as stored in a state of dynamic type.
func listedAsTuple(names ...string) knownvalue.Check {
	var checks []knownvalue.Check
	for _, name := range names {
		checks = append(checks, knownvalue.StringExact(name))
	}
	return knownvalue.ListExact(checks)
}

// Neither plan nor state contains a URL or a name of an ephemeral resource. With
// data sources in addition, the same search finds them.
func TestEphemeralResourcesLeaveNothingInPlanAndState(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: providertest.SmallAccount()})
	ephemeral := providertest.ProviderBlock(sim) + `
ephemeral "teo_l7_offline_logs" "test" {` + providertest.SmallWindow + `}
ephemeral "teo_l4_offline_logs" "test" {` + providertest.SmallWindow + `}

locals {
  urls = concat(values(ephemeral.teo_l7_offline_logs.test.urls), values(ephemeral.teo_l4_offline_logs.test.urls))
}

resource "terraform_data" "test" {
  input = "something to apply"

  lifecycle {
    precondition {
      condition = alltrue([for l in ephemeral.teo_l7_offline_logs.test.logs : ephemeral.teo_l7_offline_logs.test.urls[l.key] != null])

      error_message = "A key is not there."
    }
    precondition {
      condition     = length(local.urls) == 7 && alltrue([for url in local.urls : strcontains(url, "sign=")])
      error_message = "The URLs are not there."
    }
  }
}
`
	w := providertest.NewWorkspace(t, ephemeral)
	kept := func() string {
		t.Helper()
		if stdout, stderr, err := w.Run("plan", "-input=false", "-out=plan"); err != nil {
			t.Fatalf("plan: %v\n%s\n%s", err, stdout, stderr)
		}
		plan, _, err := w.Run("show", "-json", "plan")
		if err != nil {
			t.Fatal(err)
		}
		w.Apply()
		return plan + w.File("terraform.tfstate")
	}
	found := func(text string) (all []string) {
		for _, secret := range []string{"sign=", "20220504-03-www.example.com", "20220504-03-sid-1"} {
			if strings.Contains(text, secret) {
				all = append(all, secret)
			}
		}
		return all
	}
	if all := found(kept()); len(all) > 0 {
		t.Errorf("plan or state holds %q", all)
	}
	if n := sim.Count("", "DownloadL4Logs"); n < 2 {
		t.Errorf("L4 logs were read %d times, want in plan and apply", n)
	}
	w.Write(ephemeral + "data \"teo_l7_offline_logs\" \"test\" {" + providertest.SmallWindow + "}\ndata \"teo_l4_offline_logs\" \"test\" {" + providertest.SmallWindow + "}\n")
	if all := found(kept()); len(all) != 3 {
		t.Errorf("with data sources the search finds only %q, so it proves nothing", all)
	}
}
