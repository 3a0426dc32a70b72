package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// getter is a configuration, a plan or a state.
type getter interface {
	Get(ctx context.Context, target any) diag.Diagnostics
}

// setter is a plan, a state or a result.
type setter interface {
	Set(ctx context.Context, value any) diag.Diagnostics
}
