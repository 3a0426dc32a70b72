package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/sandbox"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

const (
	listName = "teo_l7_offline_logs"
	// Every package of a generated catalogue starts in this window.
	windowStart = "2022-05-01T00:00:00Z"
	windowEnd   = "2024-05-01T00:00:00Z"
	zoneID      = "zone-gen0000"
)

// BenchmarkApply is a complete `terraform apply` of one list without a previous
// state. x-floor is its time against that of the floor, a provider that answers the
// same state as ready-made msgpack, in the same minutes. peak-B is the largest
// resident memory of the provider's processes.
//
// The simulator has neither latency nor limits, and shares the processors.
func BenchmarkApply(b *testing.B) {
	sizes := []int{1_000, 10_000, 100_000}
	if testing.Short() {
		sizes = []int{100}
	}
	cli, err := tfcli.Find(b.Context())
	if err != nil {
		b.Skip(err)
	}
	provider, floor := build(b, "."), build(b, "./internal/bench/floor")
	for _, rows := range sizes {
		for _, urls := range []bool{true, false} {
			name := fmt.Sprintf("rows=%d/%s", rows, map[bool]string{true: "urls", false: "no-urls"}[urls])
			sim := simulate(b, rows)
			ready := filepath.Join(b.TempDir(), "state.msgpack")
			if err := os.WriteFile(ready, readState(b, sim, urls), 0o600); err != nil {
				b.Fatal(err)
			}
			env := append(simtest.Environment(sim), "TEO_FLOOR_STATE="+ready)
			b.Run(name, func(b *testing.B) {
				benchmarkApply(b, newList(b, cli, provider, urls, env), newList(b, cli, floor, urls, env), provider.Binary(), rows)
			})
			sim.Close()
		}
	}
}

func benchmarkApply(b *testing.B, ours, floor *sandbox.Sandbox, binary string, rows int) {
	b.Helper()
	stop := watch(binary)
	var baseline time.Duration
	for b.Loop() {
		b.StopTimer()
		baseline += applyFresh(b, floor)
		b.StartTimer()
		applyFresh(b, ours)
	}
	b.ReportMetric(stop(), "peak-B")
	b.ReportMetric(b.Elapsed().Seconds()/baseline.Seconds(), "x-floor")
	text, err := os.ReadFile(state(ours))
	if err != nil {
		b.Fatal(err)
	}
	if got := bytes.Count(text, []byte(`"log_packet_name":`)); got != rows {
		b.Fatalf("the state has %d rows, want %d", got, rows)
	}
}

// newList returns a folder with the configuration of a list.
func newList(b *testing.B, cli tfcli.CLI, build sandbox.Mirror, urls bool, env []string) *sandbox.Sandbox {
	b.Helper()
	return newBox(b, cli, build, fmt.Sprintf(`
data %q "all" {
  start_time   = %q
  end_time     = %q
  zone_ids     = [%q]
  include_urls = %t
}
`, listName, windowStart, windowEnd, zoneID, urls), env)
}

func state(box *sandbox.Sandbox) string { return filepath.Join(box.Dir, "terraform.tfstate") }

// applyFresh applies without a previous state, and returns how long that took.
func applyFresh(b *testing.B, box *sandbox.Sandbox) time.Duration {
	b.Helper()
	if err := os.Remove(state(box)); err != nil && !os.IsNotExist(err) {
		b.Fatal(err)
	}
	begin := time.Now()
	terraform(b, box, "apply", "-input=false", "-auto-approve", "-no-color")
	return time.Since(begin)
}

// newBox returns a folder with a configuration, in which the provider is installed.
func newBox(b *testing.B, cli tfcli.CLI, build sandbox.Mirror, configuration string, env []string) *sandbox.Sandbox {
	b.Helper()
	files := fstest.MapFS{"main.tf": {Data: []byte(fmt.Sprintf(`terraform {
  required_providers {
    teo = {
      source = %q
    }
  }
}

provider "teo" {
  requests_per_second = 1000000
}
%s`, sandbox.Source, configuration)), Mode: 0o600}}
	box, err := sandbox.New(cli, build, files, filepath.Join(b.TempDir(), "work"), env...)
	if err != nil {
		b.Fatal(err)
	}
	terraform(b, box, "init", "-input=false", "-no-color")
	return box
}

// terraform runs a command that has to succeed.
func terraform(b *testing.B, box *sandbox.Sandbox, args ...string) {
	b.Helper()
	var out bytes.Buffer
	if err := box.Run(b.Context(), &out, &out, args...); err != nil {
		b.Fatalf("%v\n%s", err, &out)
	}
}

// build builds a provider of this module into a mirror of its own.
func build(b *testing.B, pkg string) sandbox.Mirror {
	b.Helper()
	mirror, err := sandbox.BuildPackage(b.Context(), b.TempDir(), pkg)
	if err != nil {
		b.Fatal(err)
	}
	return mirror
}

// simulate starts an EdgeOne with packages of one zone, fifty domains and two
// areas.
func simulate(b *testing.B, count int) *teosim.Sim {
	b.Helper()
	return simtest.Start(b, teosim.Options{
		Catalogue: teosim.Generate(teosim.GenerateOptions{Count: count, Domains: 50}), Rates: teosim.Unlimited(),
	})
}

// readState reads the list in process and returns the state as the provider
// sends it to Terraform.
func readState(b *testing.B, sim *teosim.Sim, urls bool) []byte {
	b.Helper()
	server, err := provider.NewServer("bench", provider.Options{})
	if err != nil {
		b.Fatal(err)
	}
	schema, err := server.GetProviderSchema(b.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		b.Fatal(err)
	}
	configured, err := server.ConfigureProvider(b.Context(), &tfprotov6.ConfigureProviderRequest{Config: object(b, schema.Provider.ValueType(), map[string]any{
		"endpoint": sim.URL(), "secret_id": sim.SecretID(), "secret_key": sim.SecretKey(), "requests_per_second": 1_000_000,
	})})
	if err != nil {
		b.Fatal(err)
	}
	ids := []tftypes.Value{tftypes.NewValue(tftypes.String, zoneID)}
	read, err := server.ReadDataSource(context.WithoutCancel(b.Context()), &tfprotov6.ReadDataSourceRequest{
		TypeName: listName, Config: object(b, schema.DataSourceSchemas[listName].ValueType(), map[string]any{
			"start_time": windowStart, "end_time": windowEnd, "zone_ids": ids, "include_urls": urls,
		}),
	})
	if err != nil {
		b.Fatal(err)
	}
	var said []string
	for _, d := range append(configured.Diagnostics, read.Diagnostics...) {
		said = append(said, d.Summary+": "+d.Detail)
	}
	if len(said) > 0 {
		b.Fatal(strings.Join(said, "\n"))
	}
	return read.State.MsgPack
}

// object makes a configuration; attributes that are not given are null.
func object(b *testing.B, kind tftypes.Type, given map[string]any) *tfprotov6.DynamicValue {
	b.Helper()
	attributes := map[string]tftypes.Value{}
	for name, t := range kind.(tftypes.Object).AttributeTypes {
		attributes[name] = tftypes.NewValue(t, given[name])
	}
	value, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, attributes))
	if err != nil {
		b.Fatal(err)
	}
	return &value
}
