package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func stringOrNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

func shorten(values []string) string { return some(values) }

const timeoutText = "How long %s may take, such as `30s` or `2h45m` (units `h`, `m`, `s`). By default `%s`."

const stableAfter = 24 * time.Hour
