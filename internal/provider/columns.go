package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// column is one attribute of the rows of a list: its place in the schema and
// the way its value is taken from a row. One table of columns makes the schema
// of the data source, that of the ephemeral resource, and the rows in the
// state, so that they cannot disagree.
type column[R any] struct {
	name        string
	kind        kind
	sensitive   bool
	description string

	// value returns what tftypes.NewValue takes for the kind; nil is null.
	value func(*R) any
}

// kind is the type of a column.
type kind struct {
	framework attr.Type
	terraform tftypes.Type
}

var (
	text    = kind{types.StringType, tftypes.String}
	integer = kind{types.Int64Type, tftypes.Number}
	boolean = kind{types.BoolType, tftypes.Bool}
	textMap = kind{types.MapType{ElemType: types.StringType}, tftypes.Map{ElementType: tftypes.String}}
)

// columns describe the rows of a list.
type columns[R any] []column[R]

// dataSourceAttribute is the list in the schema of a data source.
func (c columns[R]) dataSourceAttribute(description string) datasourceschema.Attribute {
	attributes := map[string]datasourceschema.Attribute{}
	for _, col := range c {
		attributes[col.name] = col.dataSourceAttribute()
	}
	rows := datasourceschema.NestedAttributeObject{Attributes: attributes}
	return datasourceschema.ListNestedAttribute{
		MarkdownDescription: description,
		Computed:            true,
		NestedObject:        rows,
		CustomType:          rowsType{types.ListType{ElemType: rows.Type()}},
	}
}

func (col column[R]) dataSourceAttribute() datasourceschema.Attribute {
	switch col.kind.framework {
	case types.StringType:
		return datasourceschema.StringAttribute{MarkdownDescription: col.description, Computed: true, Sensitive: col.sensitive}
	case types.Int64Type:
		return datasourceschema.Int64Attribute{MarkdownDescription: col.description, Computed: true, Sensitive: col.sensitive}
	case types.BoolType:
		return datasourceschema.BoolAttribute{MarkdownDescription: col.description, Computed: true, Sensitive: col.sensitive}
	}
	return datasourceschema.MapAttribute{MarkdownDescription: col.description, Computed: true, Sensitive: col.sensitive, ElementType: types.StringType}
}

// ephemeralAttribute is the list in the schema of an ephemeral resource.
func (c columns[R]) ephemeralAttribute(description string) ephemeralschema.Attribute {
	attributes := map[string]ephemeralschema.Attribute{}
	for _, col := range c {
		attributes[col.name] = col.ephemeralAttribute()
	}
	rows := ephemeralschema.NestedAttributeObject{Attributes: attributes}
	return ephemeralschema.ListNestedAttribute{
		MarkdownDescription: description,
		Computed:            true,
		NestedObject:        rows,
		CustomType:          rowsType{types.ListType{ElemType: rows.Type()}},
	}
}

func (col column[R]) ephemeralAttribute() ephemeralschema.Attribute {
	if col.kind.framework == types.Int64Type {
		return ephemeralschema.Int64Attribute{MarkdownDescription: col.description, Computed: true, Sensitive: col.sensitive}
	}
	return ephemeralschema.StringAttribute{MarkdownDescription: col.description, Computed: true, Sensitive: col.sensitive}
}

// listType is the type of the list in the state.
func (c columns[R]) listType() tftypes.List {
	attributes := map[string]tftypes.Type{}
	for _, col := range c {
		attributes[col.name] = col.kind.terraform
	}
	return tftypes.List{ElementType: tftypes.Object{AttributeTypes: attributes}}
}

// list makes the rows as Terraform holds them, without the framework's
// reflection in between: it would cost several times as much.
func (c columns[R]) list(rows []R) tftypes.Value {
	list := c.listType()
	values := make([]tftypes.Value, len(rows))
	for i := range rows {
		row := make(map[string]tftypes.Value, len(c))
		for _, col := range c {
			row[col.name] = tftypes.NewValue(col.kind.terraform, col.value(&rows[i]))
		}
		values[i] = tftypes.NewValue(list.ElementType, row)
	}
	return tftypes.NewValue(list, values)
}

// results makes the state, or the ephemeral result, of a configuration and of
// what was computed for it.
func results(ctx context.Context, config tfsdk.Config, computed map[string]tftypes.Value) (tftypes.Value, error) {
	var given map[string]tftypes.Value
	if err := config.Raw.As(&given); err != nil {
		return tftypes.Value{}, err
	}
	// What As gives is the configuration's own map.
	attributes := maps.Clone(given)
	maps.Copy(attributes, computed)
	return tftypes.NewValue(config.Schema.Type().TerraformType(ctx), attributes), nil
}

// orNull is the string, or null where it is empty.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// orNullInt is the number, or null where there is none.
func orNullInt(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}
