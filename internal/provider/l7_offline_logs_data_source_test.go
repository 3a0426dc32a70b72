package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const l7Month = `
data "teo_l7_offline_logs" "test" {
  start_time = "2022-05-01T00:00:00Z"
  end_time   = "2022-06-01T00:00:00Z"
  page_size  = 100
}
`

func TestL7OfflineLogs(t *testing.T) {
	t.Parallel()
	sim := simulator(t, teosim.Options{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(provider.Options{}),
		Steps: []resource.TestStep{{
			Config: providerBlock(sim) + l7Month,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.teo_l7_offline_logs.test", tfjsonpath.New("page_size"), knownvalue.Int64Exact(100)),
				statecheck.ExpectKnownValue("data.teo_l7_offline_logs.test", tfjsonpath.New("api_version"), knownvalue.StringExact("2022-01-06")),
			},
		}, {
			Config:           providerBlock(sim) + l7Month,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		}},
	})
}
