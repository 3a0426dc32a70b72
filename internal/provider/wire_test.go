package provider_test

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// wire speaks Terraform's protocol with a provider inside the test. Unlike a command
// line it shows the attribute of each diagnostic, all warnings, and the number of
// requests of one read.
type wire struct {
	t      testing.TB
	server tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
}

// arguments are the attributes of a configuration by name; missing ones are null. Sets are []string, objects arguments.
type arguments map[string]any

// and returns the arguments with others in addition, or in their place.
func (a arguments) and(more arguments) arguments {
	all := arguments{}
	for _, from := range []arguments{a, more} {
		for name, value := range from {
			all[name] = value
		}
	}
	return all
}

// signIn are the arguments of a provider for a simulator.
func signIn(sim *teosim.Sim) arguments {
	return arguments{"secret_id": sim.SecretID(), "secret_key": sim.SecretKey(), "endpoint": sim.URL(), "sts_endpoint": sim.URL()}
}

// dial serves a provider that is not configured yet.
func dial(t testing.TB, options provider.Options) *wire {
	t.Helper()
	server, err := provider.NewServer("test", isolated(t, options))
	if err != nil {
		t.Fatal(err)
	}
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if problems := newDiagnostics(schema.Diagnostics); len(problems) > 0 {
		t.Fatalf("the schema: %s", problems.all())
	}
	return &wire{t: t, server: server, schema: schema}
}

// configured serves a provider that is configured without diagnostics.
func configured(t testing.TB, options provider.Options, a arguments) *wire {
	t.Helper()
	w := dial(t, options)
	if diags := w.configure(a); len(diags) > 0 {
		t.Fatalf("configuring: %s", diags.all())
	}
	return w
}

// configure validates and configures, as Terraform does before it reads.
func (w *wire) configure(a arguments) diagnostics {
	w.t.Helper()
	config := w.encode(w.schema.Provider.ValueType(), a)
	validated, err := w.server.ValidateProviderConfig(w.t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
	w.must(err)
	if diags := newDiagnostics(validated.Diagnostics); diags.failed() {
		return diags
	}
	answer, err := w.server.ConfigureProvider(w.t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.11.4", Config: config})
	w.must(err)
	return newDiagnostics(answer.Diagnostics)
}

// read validates the configuration of a data source and reads it.
func (w *wire) read(name string, a arguments) (map[string]any, diagnostics) {
	w.t.Helper()
	return w.readContext(w.t.Context(), name, a)
}

func (w *wire) readContext(ctx context.Context, name string, a arguments) (map[string]any, diagnostics) {
	w.t.Helper()
	kind := w.schema.DataSourceSchemas[name].ValueType()
	config := w.encode(kind, a)
	validated, err := w.server.ValidateDataResourceConfig(ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: name, Config: config})
	w.must(err)
	if diags := newDiagnostics(validated.Diagnostics); diags.failed() {
		return nil, diags
	}
	answer, err := w.server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: config})
	w.must(err)
	return w.decode(kind, answer.State), newDiagnostics(answer.Diagnostics)
}

// open validates the configuration of an ephemeral resource and opens it.
func (w *wire) open(name string, a arguments) diagnostics {
	w.t.Helper()
	_, diags := w.openResult(name, a)
	return diags
}

// openResult is open with the result.
func (w *wire) openResult(name string, a arguments) (map[string]any, diagnostics) {
	w.t.Helper()
	kind := w.schema.EphemeralResourceSchemas[name].ValueType()
	config := w.encode(kind, a)
	validated, err := w.server.ValidateEphemeralResourceConfig(w.t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: name, Config: config})
	w.must(err)
	if diags := newDiagnostics(validated.Diagnostics); diags.failed() {
		return nil, diags
	}
	answer, err := w.server.OpenEphemeralResource(w.t.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: name, Config: config})
	w.must(err)
	return w.decode(kind, answer.Result), newDiagnostics(answer.Diagnostics)
}

// hasAttribute reports whether a block has an attribute.
func hasAttribute(block *tfprotov6.SchemaBlock, name string) bool {
	return slices.ContainsFunc(block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == name })
}

func (w *wire) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) encode(kind tftypes.Type, a arguments) *tfprotov6.DynamicValue {
	w.t.Helper()
	for name := range a {
		if _, ok := kind.(tftypes.Object).AttributeTypes[name]; !ok {
			w.t.Fatalf("the schema has no attribute %q", name)
		}
	}
	value, err := tfprotov6.NewDynamicValue(kind, valueOf(kind, a))
	w.must(err)
	return &value
}

func (w *wire) decode(kind tftypes.Type, from *tfprotov6.DynamicValue) map[string]any {
	w.t.Helper()
	if from == nil {
		return nil
	}
	value, err := from.Unmarshal(kind)
	w.must(err)
	attributes, _ := plain(w.t, value).(map[string]any)
	return attributes
}

// unknown is a value that is known only after apply.
const unknown = unknownArgument(0)

type unknownArgument int

// valueOf converts a Go value to the value that Terraform sends.
func valueOf(kind tftypes.Type, v any) tftypes.Value {
	switch v := v.(type) {
	case nil:
		return tftypes.NewValue(kind, nil)
	case unknownArgument:
		return tftypes.NewValue(kind, tftypes.UnknownValue)
	case arguments:
		attributes := map[string]tftypes.Value{}
		for name, attribute := range kind.(tftypes.Object).AttributeTypes {
			attributes[name] = valueOf(attribute, v[name])
		}
		return tftypes.NewValue(kind, attributes)
	case []string:
		values := make([]any, len(v))
		for i := range v {
			values[i] = v[i]
		}
		return valueOf(kind, values)
	case []any:
		elements := []tftypes.Value{}
		for _, element := range v {
			elements = append(elements, valueOf(kind.(tftypes.Set).ElementType, element))
		}
		return tftypes.NewValue(kind, elements)
	}
	return tftypes.NewValue(kind, v)
}

// diagnostics are those of one call.
type diagnostics []*tfprotov6.Diagnostic

func newDiagnostics(list []*tfprotov6.Diagnostic) diagnostics { return list }

func (s diagnostics) failed() bool {
	for _, d := range s {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return true
		}
	}
	return false
}

// summaries returns severity, attribute and summary of each diagnostic, such as
// "error end_time: Invalid window".
func (s diagnostics) summaries() []string {
	summaries := []string{}
	for _, d := range s {
		summary := strings.ToLower(d.Severity.String())
		if at := dotted(d.Attribute); at != "" {
			summary += " " + at
		}
		summaries = append(summaries, summary+": "+d.Summary)
	}
	return summaries
}

// all returns the text of all diagnostics.
func (s diagnostics) all() string {
	var b strings.Builder
	for i, summary := range s.summaries() {
		fmt.Fprintf(&b, "%s\n%s\n\n", summary, s[i].Detail)
	}
	return b.String()
}

// dotted is a path such as "assume_role.session_name". Elements of sets are left out,
// because they have no names.
func dotted(path *tftypes.AttributePath) string {
	var names []string
	for _, step := range path.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, ".")
}

// plain is a value in Go's own types: nil, bool, string, int64, []any or
// map[string]any.
func plain(t testing.TB, v tftypes.Value) any {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	kind := v.Type()
	switch {
	case v.IsNull():
		return nil
	case kind.Is(tftypes.String):
		var s string
		must(v.As(&s))
		return s
	case kind.Is(tftypes.Bool):
		var b bool
		must(v.As(&b))
		return b
	case kind.Is(tftypes.Number):
		n := new(big.Float)
		must(v.As(&n))
		i, _ := n.Int64()
		return i
	case kind.Is(tftypes.Object{}), kind.Is(tftypes.Map{}):
		var attributes map[string]tftypes.Value
		must(v.As(&attributes))
		all := map[string]any{}
		for name, attribute := range attributes {
			all[name] = plain(t, attribute)
		}
		return all
	}
	var elements []tftypes.Value
	must(v.As(&elements))
	all := []any{}
	for _, element := range elements {
		all = append(all, plain(t, element))
	}
	return all
}
