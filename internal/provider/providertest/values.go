package providertest

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// ExactAttributes checks all attributes of an object in the state. Other attributes
// must not exist.
func ExactAttributes(address string, attributes map[string]knownvalue.Check) statecheck.StateCheck {
	return wholeState{address, knownvalue.ObjectExact(attributes)}
}

type wholeState struct {
	address string
	want    knownvalue.Check
}

func (w wholeState) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	for _, r := range req.State.Values.RootModule.Resources {
		if r.Address == w.address {
			resp.Error = w.want.CheckValue(r.AttributeValues)
			return
		}
	}
	resp.Error = fmt.Errorf("%s is not in the state", w.address)
}

// Nothing checks for null, and EmptyPlan for a plan without changes.
var (
	Nothing   = knownvalue.Null()
	EmptyPlan = resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
)

// Number checks a whole number.
func Number(n int) knownvalue.Check { return knownvalue.Int64Exact(int64(n)) }

// Listed checks a set of strings.
func Listed(names ...string) knownvalue.Check {
	var checks []knownvalue.Check
	for _, name := range names {
		checks = append(checks, knownvalue.StringExact(name))
	}
	return knownvalue.SetExact(checks)
}
