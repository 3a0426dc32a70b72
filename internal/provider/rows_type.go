package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

var (
	_ basetypes.ListTypable  = rowsType{}
	_ basetypes.ListValuable = rowsValue{}
)

// rowsType is the type of a computed list of rows. After each read the framework
// makes an attr.Value of every attribute of the state, to see whether it means
// the same as in the configuration. For a long list that costs a tenth of the
// read, and a computed list has nothing to be compared with: a list of this type
// stays as Terraform has it until somebody asks for its elements.
type rowsType struct{ basetypes.ListType }

func (t rowsType) Equal(other attr.Type) bool {
	o, ok := other.(rowsType)
	return ok && t.ListType.Equal(o.ListType)
}

func (t rowsType) String() string { return "rowsType[" + t.ElemType.String() + "]" }

// ValueType is the type of the values, as the framework asks for it.
func (t rowsType) ValueType(context.Context) attr.Value { return rowsValue{} }

func (t rowsType) ValueFromList(_ context.Context, list types.List) (basetypes.ListValuable, diag.Diagnostics) {
	return rowsValue{List: list}, nil
}

func (t rowsType) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	if in.IsKnown() && !in.IsNull() {
		return rowsValue{List: types.ListUnknown(t.ElemType), raw: &in}, nil
	}
	value, err := t.ListType.ValueFromTerraform(ctx, in)
	list, ok := value.(types.List)
	if err == nil && !ok {
		err = fmt.Errorf("unexpected %T in place of a list", value)
	}
	return rowsValue{List: list}, err
}

// rowsValue is a list of rows. Where raw is set, it takes the place of the
// embedded list.
type rowsValue struct {
	types.List

	raw *tftypes.Value
}

func (v rowsValue) Type(ctx context.Context) attr.Type {
	return rowsType{types.ListType{ElemType: v.ElementType(ctx)}}
}

func (v rowsValue) IsNull() bool { return v.raw == nil && v.List.IsNull() }

func (v rowsValue) IsUnknown() bool { return v.raw == nil && v.List.IsUnknown() }

func (v rowsValue) String() string {
	if v.raw == nil {
		return v.List.String()
	}
	return v.raw.String()
}

func (v rowsValue) ToTerraformValue(ctx context.Context) (tftypes.Value, error) {
	if v.raw == nil {
		return v.List.ToTerraformValue(ctx)
	}
	return *v.raw, nil
}

// ToListValue makes the elements.
func (v rowsValue) ToListValue(ctx context.Context) (types.List, diag.Diagnostics) {
	if v.raw == nil {
		return v.List, nil
	}
	made, err := types.ListType{ElemType: v.ElementType(ctx)}.ValueFromTerraform(ctx, *v.raw)
	list, ok := made.(types.List)
	if err != nil || !ok {
		return types.ListUnknown(v.ElementType(ctx)), diag.Diagnostics{diag.NewErrorDiagnostic("Unable to read a list of rows", fmt.Sprintf("This is a bug of the provider: %T, %v", made, err))}
	}
	return list, nil
}

// Equal compares what both hold; a list and itself are the same without a look
// at the rows.
func (v rowsValue) Equal(other attr.Value) bool {
	o, ok := other.(rowsValue)
	switch {
	case !ok:
		return false
	case v.raw != nil && v.raw == o.raw:
		return true
	case v.raw == nil && o.raw == nil:
		return v.List.Equal(o.List)
	}
	mine, err := v.ToTerraformValue(context.Background())
	if err != nil {
		return false
	}
	theirs, err := o.ToTerraformValue(context.Background())
	return err == nil && mine.Equal(theirs)
}
