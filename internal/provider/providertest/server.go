// Package providertest serves the provider to the tests of its entities: over
// Terraform's protocol inside the test, to the acceptance test framework, or as a
// binary to a real command line.
package providertest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Pace keeps the waits before retries short.
var Pace = tcapi.Pace{First: time.Millisecond, Most: 10 * time.Millisecond, Throttled: 5 * time.Millisecond}

// isolated sets options so that a test uses neither the environment of the machine
// nor the profiles in the home folder.
func isolated(t testing.TB, options provider.Options) provider.Options {
	t.Helper()
	if options.Getenv == nil {
		options.Getenv = Environment(nil)
	}
	if options.Home == "" {
		options.Home = t.TempDir()
	}
	if options.Pace == (tcapi.Pace{}) {
		options.Pace = Pace
	}
	return options
}

// Environment is an environment with these variables only.
func Environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// Factories serve the provider to a real command line, inside the test.
func Factories(t testing.TB, options provider.Options) map[string]func() (tfprotov6.ProviderServer, error) {
	t.Helper()
	skipShort(t)
	isolated := isolated(t, options)
	return map[string]func() (tfprotov6.ProviderServer, error){
		"teo": func() (tfprotov6.ProviderServer, error) { return provider.NewServer("test", isolated) },
	}
}

// ProviderBlock configures the provider for a simulator; more arguments can be
// added as lines.
func ProviderBlock(sim *teosim.Sim, lines ...string) string {
	block := fmt.Sprintf("provider \"teo\" {\n  secret_id  = %q\n  secret_key = %q\n  endpoint   = %[3]q\n  sts_endpoint = %[3]q\n  kms_endpoint = %[3]q\n", sim.SecretID(), sim.SecretKey(), sim.URL())
	for _, line := range lines {
		block += "  " + line + "\n"
	}
	return block + "}\n"
}

// Says matches the output of Terraform: the parts in this order, regardless of line
// breaks.
func Says(parts ...string) *regexp.Regexp {
	for i, part := range parts {
		words := strings.Fields(part)
		for j, word := range words {
			words[j] = regexp.QuoteMeta(word)
		}
		parts[i] = strings.Join(words, `\s+`)
	}
	return regexp.MustCompile(`(?s)` + strings.Join(parts, `.*`))
}
