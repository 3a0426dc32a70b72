package provider_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// quick keeps the waits before retries short.
var quick = tcapi.Pace{First: time.Millisecond, Most: 10 * time.Millisecond, Throttled: 5 * time.Millisecond}

// simulator starts a simulated EdgeOne for the length of a test.
func simulator(t testing.TB, options teosim.Options) *teosim.Sim {
	t.Helper()
	sim, err := teosim.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

// factories serve the provider inside the test, with an empty environment.
func factories(options provider.Options) map[string]func() (tfprotov6.ProviderServer, error) {
	if options.Getenv == nil {
		options.Getenv = func(string) string { return "" }
	}
	if options.Pace == (tcapi.Pace{}) {
		options.Pace = quick
	}
	return map[string]func() (tfprotov6.ProviderServer, error){
		"teo": providerserver.NewProtocol6WithError(provider.NewWith("test", options)()),
	}
}

// providerBlock configures the provider for a simulator; more arguments can be
// added as lines.
func providerBlock(sim *teosim.Sim, lines ...string) string {
	block := fmt.Sprintf("provider \"teo\" {\n  secret_id  = %q\n  secret_key = %q\n  endpoint   = %q\n", sim.SecretID(), sim.SecretKey(), sim.URL())
	for _, line := range lines {
		block += "  " + line + "\n"
	}
	return block + "}\n"
}
