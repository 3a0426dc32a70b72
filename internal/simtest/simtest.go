// Package simtest starts simulators for tests and connects clients to them, so that
// the tests of all packages set them up in the same way.
package simtest

import (
	"net/http"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Pace keeps the waits between attempts short.
var Pace = tcapi.Pace{First: time.Millisecond, Most: 5 * time.Millisecond, Throttled: 5 * time.Millisecond}

// Start starts a simulator that is closed at the end of the test.
func Start(t testing.TB, options teosim.Options) *teosim.Sim {
	t.Helper()
	sim, err := teosim.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

// Transport returns the provider's transport, without connections left at the
// end of the test.
func Transport(t testing.TB) http.RoundTripper {
	t.Helper()
	transport := tcapi.NewTransport(tcapi.TransportOptions{})
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// Client returns a client of the simulator with its credentials. It has no rate limit
// in practice. Each change is applied to its configuration.
func Client(t testing.TB, sim *teosim.Sim, changes ...func(*tcapi.Config)) *tcapi.Client {
	t.Helper()
	endpoint, err := tcapi.ParseEndpoint(sim.URL())
	if err != nil {
		t.Fatal(err)
	}
	config := tcapi.Config{
		Service:     "teo",
		Endpoint:    endpoint,
		Transport:   Transport(t),
		UserAgent:   "terraform-provider-teo/test",
		Credentials: tcapi.StaticCredentials{SecretID: sim.SecretID(), SecretKey: sim.SecretKey(), Token: sim.Token()},
		Limiters:    &tcapi.Limiters{PerSecond: 100_000},
		MaxRetries:  5,
		Pace:        Pace,
	}
	for _, change := range changes {
		change(&config)
	}
	return tcapi.New(config)
}

// Environment returns the environment variables with the endpoints and credentials of
// the simulator.
func Environment(sim *teosim.Sim) []string {
	return []string{
		"TENCENTCLOUD_TEO_ENDPOINT=" + sim.URL(),
		"TENCENTCLOUD_STS_ENDPOINT=" + sim.URL(),
		"TENCENTCLOUD_KMS_ENDPOINT=" + sim.URL(),
		"TENCENTCLOUD_SECRET_ID=" + sim.SecretID(),
		"TENCENTCLOUD_SECRET_KEY=" + sim.SecretKey(),
	}
}
