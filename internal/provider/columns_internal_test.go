package provider

import (
	"context"
	"testing"

	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// The framework compares state and configuration after a read. If a read wrote
// its rows into the configuration as well, that would cost more than the read.
func TestResultsLeaveTheConfigurationAlone(t *testing.T) {
	t.Parallel()
	schema := l7Family.dataSourceSchema(t.Context())
	typ := schema.Type().TerraformType(t.Context()).(tftypes.Object)
	attributes := map[string]tftypes.Value{}
	for name, kind := range typ.AttributeTypes {
		attributes[name] = tftypes.NewValue(kind, nil)
	}
	config := tfsdk.Config{Schema: schema, Raw: tftypes.NewValue(typ, attributes)}
	before := config.Raw.Copy()
	state, err := results(t.Context(), config, map[string]tftypes.Value{"total_count": tftypes.NewValue(tftypes.Number, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if !config.Raw.Equal(before) {
		t.Error("the configuration was changed")
	}
	if state.Equal(before) {
		t.Error("the state does not hold what was computed")
	}
}

// Every column has the type that the schemas say, in both kinds of schema, and
// its value is of that type for a full row and for an empty one.
func TestColumnsFitTheirSchemas(t *testing.T) {
	t.Parallel()
	number := int64(1)
	full := teo.Package{Domain: "www.example.com", Area: "mainland", Name: "20220504-03-www.example.com", URL: "https://x/y", LogTime: &number, Size: &number}
	for name, family := range map[string]family{"l7": l7Family, "l4": l4Family, "l7 inventory": l7Family.withoutURLs(), "l4 inventory": l4Family.withoutURLs()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			want := family.columns().list([]teo.Package{full, {}})
			attribute := family.dataSourceSchema(ctx).Attributes["logs"].(datasourceschema.ListNestedAttribute)
			if got := attribute.GetType().TerraformType(ctx); !got.Equal(want.Type()) {
				t.Errorf("data source: %s, rows: %s", got, want.Type())
			}
			if family.inventory {
				return
			}
			opened := family.ephemeralSchema(ctx).Attributes["logs"].(ephemeralschema.ListNestedAttribute)
			if got := opened.GetType().TerraformType(ctx); !got.Equal(want.Type()) {
				t.Errorf("ephemeral resource: %s, rows: %s", got, want.Type())
			}
		})
	}
	if got := zoneColumns.dataSourceAttribute("").GetType().TerraformType(t.Context()); !got.Equal(zoneColumns.list([]teo.Zone{{}}).Type()) {
		t.Errorf("zones: %s", got)
	}
}
