package provider_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
)

var update = flag.Bool("update", false, "write testdata/schema.json as the provider has it now")

// TestAChangeOfTheSchemaShowsInReview compares the whole public surface with testdata/schema.json, so
// that each change of it shows in review. `go test ./internal/provider -run
// TestAChangeOfTheSchemaShowsInReview -update` writes the file.
func TestAChangeOfTheSchemaShowsInReview(t *testing.T) {
	t.Parallel()
	schema := providertest.Dial(t, provider.Options{}).Schema
	surface := map[string]any{
		"provider":            surfaceOf(schema.Provider.Block),
		"data_sources":        surfaces(schema.DataSourceSchemas),
		"resources":           surfaces(schema.ResourceSchemas),
		"ephemeral_resources": surfaces(schema.EphemeralResourceSchemas),
		"functions":           signatures(schema.Functions),
	}
	got, err := json.MarshalIndent(surface, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", "schema.json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the schema differs from %s. If that is meant, run this test with -update. First difference:\n%s", path, firstDifference(want, got))
	}
}

func surfaces(schemas map[string]*tfprotov6.Schema) map[string]any {
	all := map[string]any{}
	for name, schema := range schemas {
		all[name] = surfaceOf(schema.Block)
	}
	return all
}

func surfaceOf(block *tfprotov6.SchemaBlock) map[string]any {
	all := attributesOf(block.Attributes)
	for _, nested := range block.BlockTypes {
		all["block "+nested.TypeName] = surfaceOf(nested.Block)
	}
	return all
}

// attributesOf leaves descriptions out: the documentation shows their changes.
func attributesOf(attributes []*tfprotov6.SchemaAttribute) map[string]any {
	all := map[string]any{}
	for _, a := range attributes {
		var is []string
		for _, property := range []struct {
			name string
			set  bool
		}{
			{"required", a.Required},
			{"optional", a.Optional},
			{"computed", a.Computed},
			{"sensitive", a.Sensitive},
			{"write-only", a.WriteOnly},
			{"deprecated", a.Deprecated},
		} {
			if property.set {
				is = append(is, property.name)
			}
		}
		if a.NestedType == nil {
			all[a.Name] = strings.Join(append(is, typeName(a.Type)), " ")
			continue
		}
		is = append(is, strings.ToLower(a.NestedType.Nesting.String()))
		all[a.Name+" ("+strings.Join(is, " ")+")"] = attributesOf(a.NestedType.Attributes)
	}
	return all
}

func signatures(functions map[string]*tfprotov6.Function) map[string]any {
	all := map[string]any{}
	for name, f := range functions {
		parameters := []string{}
		for _, p := range f.Parameters {
			parameters = append(parameters, p.Name+" "+typeName(p.Type))
		}
		all[name] = map[string]any{"parameters": parameters, "returns": typeName(f.Return.Type)}
	}
	return all
}

func typeName(kind tftypes.Type) string { return strings.ReplaceAll(kind.String(), "tftypes.", "") }

func firstDifference(want, got []byte) string {
	wanted, have := bytes.Split(want, []byte("\n")), bytes.Split(got, []byte("\n"))
	for i := range have {
		if i >= len(wanted) {
			return "+ " + string(have[i])
		}
		if !bytes.Equal(wanted[i], have[i]) {
			return "- " + string(wanted[i]) + "\n+ " + string(have[i])
		}
	}
	return "- " + string(wanted[len(have)])
}

// A data source and its ephemeral resource have the same attributes.
func TestEphemeralResourcesHaveTheAttributesOfTheDataSources(t *testing.T) {
	t.Parallel()
	schema := providertest.Dial(t, provider.Options{}).Schema
	for name, ephemeral := range schema.EphemeralResourceSchemas {
		want, got := attributesOf(schema.DataSourceSchemas[name].Block.Attributes), attributesOf(ephemeral.Block.Attributes)
		const timeouts = "timeouts (optional single)"
		delete(want, timeouts)
		if _, ok := got[timeouts]; !ok {
			t.Errorf("%s has no timeouts", name)
		}
		delete(got, timeouts)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s has the attributes\n%v, want\n%v", name, got, want)
		}
	}
}
