package offlinelogs

import (
	"fmt"

	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
)

// ephemeralAttributes returns the attributes of a data source as those of an
// ephemeral resource, so that both are declared once. It panics on a kind of
// attribute or a property that it does not know.
func ephemeralAttributes(from map[string]datasourceschema.Attribute) map[string]ephemeralschema.Attribute {
	to := make(map[string]ephemeralschema.Attribute, len(from))
	for name, attribute := range from {
		to[name] = ephemeralAttribute(name, attribute)
	}
	return to
}

func ephemeralAttribute(name string, attribute datasourceschema.Attribute) ephemeralschema.Attribute {
	switch a := attribute.(type) {
	case datasourceschema.StringAttribute:
		return ephemeralschema.StringAttribute{
			MarkdownDescription: a.MarkdownDescription, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive,
			CustomType: a.CustomType, Validators: a.Validators,
		}
	case datasourceschema.Int64Attribute:
		return ephemeralschema.Int64Attribute{
			MarkdownDescription: a.MarkdownDescription, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive,
			CustomType: a.CustomType, Validators: a.Validators,
		}
	case datasourceschema.BoolAttribute:
		return ephemeralschema.BoolAttribute{
			MarkdownDescription: a.MarkdownDescription, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive,
			CustomType: a.CustomType, Validators: a.Validators,
		}
	case datasourceschema.SetAttribute:
		return ephemeralschema.SetAttribute{
			MarkdownDescription: a.MarkdownDescription, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive,
			ElementType: a.ElementType, CustomType: a.CustomType, Validators: a.Validators,
		}
	case datasourceschema.MapAttribute:
		return ephemeralschema.MapAttribute{
			MarkdownDescription: a.MarkdownDescription, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive,
			ElementType: a.ElementType, CustomType: a.CustomType, Validators: a.Validators,
		}
	case datasourceschema.ListNestedAttribute:
		return ephemeralschema.ListNestedAttribute{
			MarkdownDescription: a.MarkdownDescription, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive,
			NestedObject: ephemeralschema.NestedAttributeObject{
				Attributes: ephemeralAttributes(a.NestedObject.Attributes), CustomType: a.NestedObject.CustomType, Validators: a.NestedObject.Validators,
			},
			CustomType: a.CustomType, Validators: a.Validators,
		}
	}
	panic(fmt.Sprintf("ephemeralAttribute does not know the %T of %q", attribute, name))
}
