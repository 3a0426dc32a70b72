package query

import "github.com/hashicorp/terraform-plugin-framework/types"

// StringOrNull is null for an empty string.
func StringOrNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
