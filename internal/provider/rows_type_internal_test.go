package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// A list of rows is what an ordinary list of the same elements is: in Terraform's
// terms, null, unknown and known, and with its elements once they are asked for.
func TestRowsAreAList(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	size := int64(7)
	full := l7Family.columns().list([]teo.Package{{Domain: "www.example.com", Size: &size}, {Domain: "api.example.com"}})
	lists := map[string]tftypes.Value{
		"null":    tftypes.NewValue(full.Type(), nil),
		"unknown": tftypes.NewValue(full.Type(), tftypes.UnknownValue),
		"empty":   l7Family.columns().list(nil),
		"full":    full,
	}
	typ := l7Family.dataSourceSchema(ctx).Attributes["logs"].GetType().(rowsType)
	values := map[string]attr.Value{}
	for name, raw := range lists {
		want, err := typ.ListType.ValueFromTerraform(ctx, raw)
		if err != nil {
			t.Fatal(err)
		}
		value, err := typ.ValueFromTerraform(ctx, raw)
		if err != nil {
			t.Fatal(err)
		}
		values[name] = value
		if !value.Type(ctx).Equal(typ) {
			t.Errorf("%s is of type %s, want %s", name, value.Type(ctx), typ)
		}
		if value.IsNull() != want.IsNull() || value.IsUnknown() != want.IsUnknown() {
			t.Errorf("%s is null %t, unknown %t", name, value.IsNull(), value.IsUnknown())
		}
		if back, err := value.ToTerraformValue(ctx); err != nil || !back.Equal(raw) {
			t.Errorf("%s came back as %s, %v", name, back, err)
		}
		list, diags := value.(basetypes.ListValuable).ToListValue(ctx)
		if diags.HasError() || !list.Equal(want) {
			t.Errorf("%s holds %s, %v, want %s", name, list, diags, want)
		}
		if again, diags := typ.ValueFromList(ctx, want.(types.List)); diags.HasError() || !again.Equal(value) || !value.Equal(again) {
			t.Errorf("%s made of a list is %s, %v", name, again, diags)
		}
		if value.Equal(want) {
			t.Errorf("%s equals a value of another type", name)
		}
	}
	for name, value := range values {
		for other, another := range values {
			if got := value.Equal(another); got != (name == other) {
				t.Errorf("%s equals %s: %t", name, other, got)
			}
		}
	}
	for name, other := range map[string]attr.Type{"a list": typ.ListType, "other rows": zoneColumns.dataSourceAttribute("").GetType()} {
		if typ.Equal(other) {
			t.Errorf("the type equals that of %s", name)
		}
	}
}
