package tfcli

import (
	"fmt"
	"strings"
)

// NotFoundError says that no command line was found and none could be fetched.
type NotFoundError struct {
	// Products are those that would have done.
	Products []Product
	// Tried holds a reason for each candidate that was there but of no use,
	// the download last.
	Tried []error
}

// Error names every candidate and what a person can do about it.
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

// Unwrap gives the reasons to errors.Is and errors.As.
func (e *NotFoundError) Unwrap() []error { return e.Tried }
