package tfcli

import (
	"fmt"
	"strings"
)

// NotFoundError is returned if no command line was found and none could be
// downloaded.
type NotFoundError struct {
	// Products are those that were searched for.
	Products []Product
	// Tried has an error for each command line that is not usable, and for the download.
	Tried []error
}

// Error lists what was tried and what the user can do.
func (e *NotFoundError) Error() string {
	var b strings.Builder
	names := make([]string, len(e.Products))
	for i, product := range e.Products {
		names[i] = product.command()
	}
	fmt.Fprintf(&b, "no usable %s found\n", strings.Join(names, " or "))
	for _, err := range e.Tried {
		fmt.Fprintf(&b, "  %v\n", err)
	}
	fmt.Fprintf(&b, "Install one (%s or newer) so that it is on PATH, or set %s to its path", Oldest, EnvPath)
	for _, product := range e.Products {
		if product == OpenTofu {
			b.WriteString(", or run `make bin/tools/tofu`, which builds OpenTofu from its Go module in a few minutes")
		}
	}
	b.WriteString(".")
	return b.String()
}

// Unwrap returns the errors in Tried.
func (e *NotFoundError) Unwrap() []error { return e.Tried }
