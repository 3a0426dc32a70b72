package provider_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// TestMain lets plain `go test` use the same command line as `make test`, and
// removes the provider that was built for the tests. Without a command
// line, the tests that need one fail.
func TestMain(m *testing.M) {
	if cli, err := tfcli.Find(context.Background()); err == nil {
		for _, variable := range cli.TestEnv() {
			name, value, _ := strings.Cut(variable, "=")
			_ = os.Setenv(name, value)
		}
	}
	code := m.Run()
	builtProvider.remove()
	os.Exit(code)
}
