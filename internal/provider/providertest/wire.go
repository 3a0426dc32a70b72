package providertest

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

// Wire speaks Terraform's protocol with a provider inside the test. Unlike a command
// line it shows the attribute of each diagnostic, all warnings, and the number of
// requests of one read.
type Wire struct {
	T      testing.TB
	Server tfprotov6.ProviderServer
	Schema *tfprotov6.GetProviderSchemaResponse
}

// Arguments are the attributes of a configuration by name; missing ones are null.
// Sets are []string, other sets and lists []any, objects Arguments.
type Arguments map[string]any

// And returns the arguments with others in addition, or in their place.
func (a Arguments) And(more Arguments) Arguments {
	all := Arguments{}
	for _, from := range []Arguments{a, more} {
		for name, value := range from {
			all[name] = value
		}
	}
	return all
}

// SignIn are the arguments of a provider for a simulator.
func SignIn(sim *teosim.Sim) Arguments {
	return Arguments{"secret_id": sim.SecretID(), "secret_key": sim.SecretKey(), "endpoint": sim.URL(), "sts_endpoint": sim.URL(), "kms_endpoint": sim.URL()}
}

// Dial serves a provider that is not configured yet.
func Dial(t testing.TB, options provider.Options) *Wire {
	t.Helper()
	server, err := provider.NewServer("test", isolated(t, options))
	if err != nil {
		t.Fatal(err)
	}
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if problems := NewDiagnostics(schema.Diagnostics); len(problems) > 0 {
		t.Fatalf("the schema: %s", problems.Text())
	}
	return &Wire{T: t, Server: server, Schema: schema}
}

// Configured serves a provider that is configured without diagnostics.
func Configured(t testing.TB, options provider.Options, a Arguments) *Wire {
	t.Helper()
	w := Dial(t, options)
	if diags := w.Configure(a); len(diags) > 0 {
		t.Fatalf("configuring: %s", diags.Text())
	}
	return w
}

// Configure validates and configures, as Terraform does before it reads.
func (w *Wire) Configure(a Arguments) Diagnostics {
	w.T.Helper()
	config := w.Encode(w.Schema.Provider.ValueType(), a)
	validated, err := w.Server.ValidateProviderConfig(w.T.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
	w.Must(err)
	if diags := NewDiagnostics(validated.Diagnostics); diags.Failed() {
		return diags
	}
	answer, err := w.Server.ConfigureProvider(w.T.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.11.4", Config: config})
	w.Must(err)
	return NewDiagnostics(answer.Diagnostics)
}

// Read validates the configuration of a data source and reads it.
func (w *Wire) Read(name string, a Arguments) (map[string]any, Diagnostics) {
	w.T.Helper()
	return w.ReadContext(w.T.Context(), name, a)
}

// ReadContext is Read with a context.
func (w *Wire) ReadContext(ctx context.Context, name string, a Arguments) (map[string]any, Diagnostics) {
	w.T.Helper()
	kind := w.Schema.DataSourceSchemas[name].ValueType()
	config := w.Encode(kind, a)
	validated, err := w.Server.ValidateDataResourceConfig(ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: name, Config: config})
	w.Must(err)
	if diags := NewDiagnostics(validated.Diagnostics); diags.Failed() {
		return nil, diags
	}
	answer, err := w.Server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: config})
	w.Must(err)
	return w.decode(kind, answer.State), NewDiagnostics(answer.Diagnostics)
}

// Open validates the configuration of an ephemeral resource and opens it.
func (w *Wire) Open(name string, a Arguments) Diagnostics {
	w.T.Helper()
	_, diags := w.OpenResult(name, a)
	return diags
}

// OpenResult is open with the result.
func (w *Wire) OpenResult(name string, a Arguments) (map[string]any, Diagnostics) {
	w.T.Helper()
	kind := w.Schema.EphemeralResourceSchemas[name].ValueType()
	config := w.Encode(kind, a)
	validated, err := w.Server.ValidateEphemeralResourceConfig(w.T.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: name, Config: config})
	w.Must(err)
	if diags := NewDiagnostics(validated.Diagnostics); diags.Failed() {
		return nil, diags
	}
	answer, err := w.Server.OpenEphemeralResource(w.T.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: name, Config: config})
	w.Must(err)
	return w.decode(kind, answer.Result), NewDiagnostics(answer.Diagnostics)
}

// Managed is a resource in a state.
type Managed struct {
	state    *tfprotov6.DynamicValue
	private  []byte
	identity *tfprotov6.ResourceIdentityData
}

// Apply validates the configuration of a resource, plans and applies it. prior is nil
// for a resource that is not in the state; the result is nil if it is not after.
func (w *Wire) Apply(name string, a Arguments, prior *Managed) (*Managed, Diagnostics) {
	w.T.Helper()
	ctx, kind := w.T.Context(), w.Schema.ResourceSchemas[name].ValueType()
	config := w.Encode(kind, a)
	validated, err := w.Server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: config})
	w.Must(err)
	diags := NewDiagnostics(validated.Diagnostics)
	if diags.Failed() {
		return prior, diags
	}
	proposed := config
	if prior == nil {
		nothing, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, nil))
		w.Must(err)
		prior = &Managed{state: &nothing}
	} else {
		proposed = w.proposed(kind, config, prior.state)
	}
	planned, err := w.Server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: name, Config: config, PriorState: prior.state, ProposedNewState: proposed, PriorPrivate: prior.private, PriorIdentity: prior.identity,
	})
	w.Must(err)
	diags = append(diags, planned.Diagnostics...)
	if diags.Failed() {
		return prior, diags
	}
	applied, err := w.Server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: name, Config: config, PriorState: prior.state, PlannedState: planned.PlannedState, PlannedPrivate: planned.PlannedPrivate, PlannedIdentity: planned.PlannedIdentity,
	})
	w.Must(err)
	diags = append(diags, applied.Diagnostics...)
	if w.decode(kind, applied.NewState) == nil {
		return nil, diags
	}
	return &Managed{applied.NewState, applied.Private, applied.NewIdentity}, diags
}

// Refresh reads a resource that is in the state.
func (w *Wire) Refresh(name string, m *Managed) Diagnostics {
	w.T.Helper()
	read, err := w.Server.ReadResource(w.T.Context(), &tfprotov6.ReadResourceRequest{TypeName: name, CurrentState: m.state, Private: m.private, CurrentIdentity: m.identity})
	w.Must(err)
	return NewDiagnostics(read.Diagnostics)
}

// proposed is a configuration with the attributes of the state that it leaves open,
// as Terraform proposes it to a plan.
func (w *Wire) proposed(kind tftypes.Type, config, state *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	w.T.Helper()
	attributes := func(v *tfprotov6.DynamicValue) (m map[string]tftypes.Value) {
		object, err := v.Unmarshal(kind)
		w.Must(err)
		w.Must(object.As(&m))
		return m
	}
	merged := attributes(config)
	for name, value := range attributes(state) {
		if merged[name].IsNull() {
			merged[name] = value
		}
	}
	proposed, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, merged))
	w.Must(err)
	return &proposed
}

// HasAttribute reports whether a block has an attribute.
func HasAttribute(block *tfprotov6.SchemaBlock, name string) bool {
	return slices.ContainsFunc(block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == name })
}

// Must fails the test on an error.
func (w *Wire) Must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// Encode encodes a configuration of a type.
func (w *Wire) Encode(kind tftypes.Type, a Arguments) *tfprotov6.DynamicValue {
	w.T.Helper()
	for name := range a {
		if _, ok := kind.(tftypes.Object).AttributeTypes[name]; !ok {
			w.T.Fatalf("the schema has no attribute %q", name)
		}
	}
	value, err := tfprotov6.NewDynamicValue(kind, valueOf(kind, a))
	w.Must(err)
	return &value
}

func (w *Wire) decode(kind tftypes.Type, from *tfprotov6.DynamicValue) map[string]any {
	w.T.Helper()
	if from == nil {
		return nil
	}
	value, err := from.Unmarshal(kind)
	w.Must(err)
	attributes, _ := Plain(w.T, value).(map[string]any)
	return attributes
}

// Unknown is a value that is known only after apply.
const Unknown = unknownArgument(0)

type unknownArgument int

// valueOf converts a Go value to the value that Terraform sends.
func valueOf(kind tftypes.Type, v any) tftypes.Value {
	switch v := v.(type) {
	case nil:
		return tftypes.NewValue(kind, nil)
	case unknownArgument:
		return tftypes.NewValue(kind, tftypes.UnknownValue)
	case Arguments:
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
		of := kind
		switch kind := kind.(type) {
		case tftypes.Set:
			of = kind.ElementType
		case tftypes.List:
			of = kind.ElementType
		}
		elements := []tftypes.Value{}
		for _, element := range v {
			elements = append(elements, valueOf(of, element))
		}
		return tftypes.NewValue(kind, elements)
	}
	return tftypes.NewValue(kind, v)
}

// Diagnostics are those of one call.
type Diagnostics []*tfprotov6.Diagnostic

// NewDiagnostics returns the diagnostics of a response.
func NewDiagnostics(list []*tfprotov6.Diagnostic) Diagnostics { return list }

// Failed reports whether there is an error.
func (s Diagnostics) Failed() bool {
	for _, d := range s {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return true
		}
	}
	return false
}

// Summaries returns severity, attribute and summary of each diagnostic, such as
// "error end_time: Invalid window".
func (s Diagnostics) Summaries() []string {
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

// Text returns the text of all diagnostics.
func (s Diagnostics) Text() string {
	var b strings.Builder
	for i, summary := range s.Summaries() {
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

// Plain is a value in Go's own types: nil, bool, string, int64, []any or
// map[string]any.
func Plain(t testing.TB, v tftypes.Value) any {
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
			all[name] = Plain(t, attribute)
		}
		return all
	}
	var elements []tftypes.Value
	must(v.As(&elements))
	all := []any{}
	for _, element := range elements {
		all = append(all, Plain(t, element))
	}
	return all
}

// An hour of the simulator's catalogue, with 5 packages in it.
var AnHour = Arguments{"start_time": "2022-05-04T00:00:00Z", "end_time": "2022-05-04T01:00:00Z"}

// Want is an expected diagnostic.
type Want struct {
	Summary string   // as in diagnostics.summaries
	Details []string // parts of its detail
}

// Expect compares diagnostics with the expected ones, in any order.
func Expect(t *testing.T, diags Diagnostics, want ...Want) {
	t.Helper()
	summaries := diags.Summaries()
	wanted := []string{}
	for _, c := range want {
		wanted = append(wanted, c.Summary)
	}
	sorted := slices.Sorted(slices.Values(summaries))
	slices.Sort(wanted)
	if !slices.Equal(sorted, wanted) {
		t.Fatalf("diagnostics\n  %s\nwant\n  %s\n\n%s", strings.Join(sorted, "\n  "), strings.Join(wanted, "\n  "), diags.Text())
	}
	for _, c := range want {
		detail := diags[slices.Index(summaries, c.Summary)].Detail
		for _, part := range c.Details {
			if !strings.Contains(detail, part) {
				t.Errorf("%s\ndoes not contain %q:\n%s", c.Summary, part, detail)
			}
		}
	}
}
