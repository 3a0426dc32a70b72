package offlinelogs

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
)

// An encoded attribute replaces the framework's value, and other attributes are
// unchanged. An attribute that is not in the schema is an error.
func TestAnEncodedAttributeReplacesTheFrameworksValue(t *testing.T) {
	t.Parallel()
	kind := tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"before": tftypes.Number, "logs": tftypes.List{ElementType: tftypes.String}, "zones": tftypes.Set{ElementType: tftypes.String},
	}}
	framework := tftypes.NewValue(kind, map[string]tftypes.Value{
		"before": tftypes.NewValue(tftypes.Number, 7), "logs": tftypes.NewValue(kind.AttributeTypes["logs"], nil),
		"zones": tftypes.NewValue(kind.AttributeTypes["zones"], []tftypes.Value{tftypes.NewValue(tftypes.String, "a")}),
	})
	object, err := tfprotov6.NewDynamicValue(kind, framework)
	if err != nil {
		t.Fatal(err)
	}
	encoded := func(name string) encodedAttributes {
		return encodedAttributes{name: {encode: func(enc *msgpack.Encoder) error { return enc.Encode([]string{"x", "y"}) }}}
	}
	got, err := encoded("logs").insert(&object)
	if err != nil {
		t.Fatal(err)
	}
	value, err := got.Unmarshal(kind)
	if err != nil {
		t.Fatal(err)
	}
	want := tftypes.NewValue(kind, map[string]tftypes.Value{
		"before": tftypes.NewValue(tftypes.Number, 7),
		"logs":   tftypes.NewValue(kind.AttributeTypes["logs"], []tftypes.Value{tftypes.NewValue(tftypes.String, "x"), tftypes.NewValue(tftypes.String, "y")}),
		"zones":  tftypes.NewValue(kind.AttributeTypes["zones"], []tftypes.Value{tftypes.NewValue(tftypes.String, "a")}),
	})
	if !value.Equal(want) {
		t.Errorf("got %s, want %s", value, want)
	}
	if _, err := encoded("log").insert(&object); err == nil || !strings.Contains(err.Error(), "the schema lacks an attribute") {
		t.Errorf("got %v, want an error on an attribute that the schema lacks", err)
	}
	if _, err := encoded("logs").insert(&tfprotov6.DynamicValue{MsgPack: object.MsgPack[:len(object.MsgPack)-1]}); err == nil {
		t.Error("half an object is no error")
	}
	if got, err := encoded("logs").insert(nil); got != nil || err != nil {
		t.Errorf("got %v and %v, want nothing for no object", got, err)
	}
}

// A read without listServer is an error, not an empty list.
func TestAReadWithoutListServerIsAnError(t *testing.T) {
	t.Parallel()
	if diags := setEncoded(t.Context(), "logs", 0, nil); !diags.HasError() {
		t.Error("there is no error")
	}
}
