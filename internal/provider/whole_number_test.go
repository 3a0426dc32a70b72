package provider_test

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// numbers calls f with a configuration for each numeric argument of a block, in
// which it has the value, and with its path.
func numbers(block *tfprotov6.SchemaBlock, value any, f func(at string, a providertest.Arguments)) {
	for _, a := range block.Attributes {
		switch {
		case !a.Optional && !a.Required:
		case a.NestedType != nil && a.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeSingle:
			numbers(&tfprotov6.SchemaBlock{Attributes: a.NestedType.Attributes}, value, func(at string, nested providertest.Arguments) {
				f(a.Name+"."+at, providertest.Arguments{a.Name: nested})
			})
		case a.NestedType == nil && a.Type.Is(tftypes.Number):
			f(a.Name, providertest.Arguments{a.Name: value})
		}
	}
	for _, nested := range block.BlockTypes {
		numbers(nested.Block, value, func(at string, a providertest.Arguments) {
			f(nested.TypeName+"."+at, providertest.Arguments{nested.TypeName: a})
		})
	}
}

// Each argument that is a whole number says so of another one, instead of a bug of
// the provider.
func TestAnArgumentThatIsNotWholeIsAnError(t *testing.T) {
	t.Parallel()
	w := providertest.Dial(t, provider.Options{})
	found := map[string]int{}
	for _, test := range []struct {
		value           *big.Float
		summary, detail string
	}{
		{big.NewFloat(2.5), "Not a whole number", " must be a whole number, but is 2.5."},
		{new(big.Float).Quo(big.NewFloat(31), big.NewFloat(7)), "Not a whole number", " must be a whole number, but is 4.42857."},
		{big.NewFloat(1e20), "Number out of range", " is 1e+20, but must be a whole number of at most 64 bits."},
	} {
		expect := func(kind, at string, list []*tfprotov6.Diagnostic, err error) {
			t.Helper()
			w.Must(err)
			found[kind]++
			// Terraform itself reports arguments that are missing.
			list = slices.DeleteFunc(list, func(d *tfprotov6.Diagnostic) bool { return strings.HasPrefix(d.Summary, "Missing Configuration") })
			providertest.Expect(t, list, providertest.Want{Summary: "error " + at + ": " + test.summary, Details: []string{at + test.detail}})
		}
		numbers(w.Schema.Provider.Block, test.value, func(at string, a providertest.Arguments) {
			if at == "requests_per_second" {
				return // the only one that may have a fraction
			}
			answer, err := w.Server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: w.Encode(w.Schema.Provider.ValueType(), a)})
			w.Must(err)
			if len(answer.Diagnostics) == 0 { // the provider checks its arguments when it is configured
				configured, err := w.Server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: w.Encode(w.Schema.Provider.ValueType(), a)})
				expect("provider", at, configured.Diagnostics, err)
				return
			}
			expect("provider", at, answer.Diagnostics, err)
		})
		for name, schema := range w.Schema.DataSourceSchemas {
			numbers(schema.Block, test.value, func(at string, a providertest.Arguments) {
				answer, err := w.Server.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: name, Config: w.Encode(schema.ValueType(), a)})
				expect("data source", at, answer.Diagnostics, err)
			})
		}
		for name, schema := range w.Schema.EphemeralResourceSchemas {
			numbers(schema.Block, test.value, func(at string, a providertest.Arguments) {
				answer, err := w.Server.ValidateEphemeralResourceConfig(t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: name, Config: w.Encode(schema.ValueType(), a)})
				expect("ephemeral resource", at, answer.Diagnostics, err)
			})
		}
		for name, schema := range w.Schema.ResourceSchemas {
			numbers(schema.Block, test.value, func(at string, a providertest.Arguments) {
				answer, err := w.Server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: w.Encode(schema.ValueType(), a)})
				expect("resource", at, answer.Diagnostics, err)
			})
		}
	}
	for kind, least := range map[string]int{"provider": 3 * 5, "data source": 3 * 9, "ephemeral resource": 3 * 4, "resource": 3 * 2} {
		if found[kind] < least {
			t.Errorf("%d arguments of a %s were checked, want at least %d", found[kind], kind, least)
		}
	}
}

// A real Terraform shows the same for values that it computes.
func TestTerraformShowsThatANumberIsNotWhole(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: providertest.SmallAccount()})
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim))
	for config, want := range map[string]string{
		`data "teo_l7_offline_logs" "a" {` + providertest.SmallWindow + "max_packages = 2.5\n}":                                                   "max_packages must be a whole number, but is 2.5.",
		`data "teo_l7_offline_logs" "a" {` + providertest.SmallWindow + "page_size = 1e20\n}":                                                     "page_size is 1e+20, but must be a whole number of at most 64 bits.",
		"variable \"n\" {\n  default = 31\n}\n" + `ephemeral "teo_l7_offline_logs" "a" {` + providertest.SmallWindow + "page_size = var.n / 4\n}": "page_size must be a whole number, but is 7.75.",
		`output "a" { value = provider::teo::last_days("2022-05-04T00:00:00Z", 31 / 7) }`:                                                         "Not a whole number: it must be a whole number, but is 4.42857.",
		`output "a" { value = provider::teo::last_hours("2022-05-04T00:00:00Z", 1e20) }`:                                                          "Number out of range: it is 1e+20, but must be a whole number of at most 64 bits.",
	} {
		w.Write(providertest.ProviderBlock(sim) + config)
		_, stderr, err := w.Run("plan", "-input=false")
		if err == nil || !strings.Contains(providertest.Collapsed(strings.ReplaceAll(stderr, "│", "")), want) {
			t.Errorf("%s\n%s", config, stderr)
		}
	}
	w.Write(providertest.ProviderBlock(sim) + `data "teo_l7_offline_logs" "a" {` + providertest.SmallWindow + "max_packages = 31.0\n page_size = 20 / 2\n}\n" +
		`output "a" { value = provider::teo::last_days("2022-05-04T00:00:00Z", 62 / 31).start_time }`)
	w.Apply()
}
