package main

import "github.com/edgeone-community/terraform-provider-teo/internal/teosim"

// simulate starts an EdgeOne with packages of one zone, fifty domains and two
// areas, without latency and limits.
func simulate(count int, change func(*teosim.GenerateOptions)) (*teosim.Sim, error) {
	g := teosim.GenerateOptions{Count: count, Domains: 50}
	if change != nil {
		change(&g)
	}
	return teosim.Start(teosim.Options{Catalogue: teosim.Generate(g), Rates: teosim.Unlimited()})
}

// zoneID is that of the only zone.
const zoneID = "zone-gen0000"

// keysOf is the environment in which the provider finds a simulator.
func keysOf(sim *teosim.Sim) []string {
	return []string{
		"TENCENTCLOUD_TEO_ENDPOINT=" + sim.URL(),
		"TENCENTCLOUD_SECRET_ID=" + sim.SecretID(),
		"TENCENTCLOUD_SECRET_KEY=" + sim.SecretKey(),
	}
}
