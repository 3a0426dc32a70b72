package query

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// WholeNumber is the CustomType of every argument and function parameter that is a
// whole number. Its values are types.Int64. Terraform has numbers of one kind only,
// and the framework takes one with a fraction for a bug of the provider.
type WholeNumber struct{ basetypes.Int64Type }

// Equal reports whether the values of another type are the same.
func (t WholeNumber) Equal(other attr.Type) bool {
	if _, ok := other.(WholeNumber); ok {
		return true
	}
	return t.Int64Type.Equal(other)
}

// ValueFromTerraform returns null for what Validate rejects.
func (t WholeNumber) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	if t.Validate(ctx, in, path.Empty()).HasError() {
		return types.Int64Null(), nil
	}
	return t.Int64Type.ValueFromTerraform(ctx, in)
}

// Validate reports a number that is not whole, or that has more than 64 bits.
func (t WholeNumber) Validate(_ context.Context, in tftypes.Value, at path.Path) (diags diag.Diagnostics) {
	var n *big.Float
	if in.Type() == nil || !in.IsKnown() || in.IsNull() || in.As(&n) != nil {
		return nil
	}
	name := at.String()
	if name == "" {
		name = "it" // a parameter, which Terraform names
	}
	switch _, accuracy := n.Int64(); {
	case !n.IsInt():
		diags.AddAttributeError(at, "Not a whole number", fmt.Sprintf("%s must be a whole number, but is %s.", name, n.Text('g', 6)))
	case accuracy != big.Exact:
		diags.AddAttributeError(at, "Number out of range", fmt.Sprintf("%s is %s, but must be a whole number of at most 64 bits.", name, n.Text('g', 6)))
	}
	return diags
}
