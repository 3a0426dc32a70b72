// Package tfcli finds a Terraform or OpenTofu command line for the tests, the
// demo and the generated documentation, and downloads one if the machine has
// none. The provider itself does not use it.
package tfcli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/hashicorp/go-version"
)

// EnvPath is the environment variable with the path of the command line to use.
// terraform-plugin-testing reads the same variable.
const EnvPath = "TF_ACC_TERRAFORM_PATH"

// Oldest is the oldest release that is accepted. Terraform 1.8 and OpenTofu 1.8
// introduced provider functions.
const Oldest = "1.8.0"

// Pinned is the Terraform release that is downloaded if none is found.
const Pinned = "1.11.4"

// Product is one of the two command lines.
type Product string

// The products, as the `version` command prints them.
const (
	Terraform Product = "Terraform"
	OpenTofu  Product = "OpenTofu"
)

// command is the file name on PATH.
func (p Product) command() string {
	if p == OpenTofu {
		return "tofu"
	}
	return "terraform"
}

// CLI is a command line whose `version` command has worked.
type CLI struct {
	// Path is the absolute path of the binary.
	Path string
	// Product is what the binary reports, regardless of its file name.
	Product Product
	// Version is the release without a leading v, such as "1.11.4".
	Version string
}

// TestEnv returns the environment, as "NAME=value", in which
// terraform-plugin-testing uses this command line.
//
// It disables the user's own CLI configuration: development overrides would
// change what is tested, and if TF_CLI_CONFIG_FILE names a missing file,
// OpenTofu prints a warning on standard output, so that terraform-plugin-testing
// cannot read its version. OpenTofu resolves a source address without a host to
// its own registry, so the tests serve the provider under that host.
func (c CLI) TestEnv() []string {
	env := []string{EnvPath + "=" + c.Path, "TF_CLI_CONFIG_FILE=" + os.DevNull}
	if c.Product == OpenTofu {
		env = append(env,
			"TF_ACC_PROVIDER_HOST=registry.opentofu.org",
			"TF_ACC_PROVIDER_NAMESPACE=edgeone-community",
		)
	}
	return env
}

// Find returns the first usable command line of: the one in EnvPath, terraform on
// PATH, tofu on PATH, the Terraform release Pinned in the user's cache folder,
// the same release downloaded from HashiCorp.
//
// An unusable path in EnvPath is an error. An unusable command on PATH is
// skipped, and reported if nothing else is found.
func Find(ctx context.Context) (CLI, error) {
	return newFinder().Find(ctx)
}

// FindTerraform is Find without OpenTofu, for tfplugindocs, which only runs a
// binary called terraform.
func FindTerraform(ctx context.Context) (CLI, error) {
	f := newFinder()
	f.Products = []Product{Terraform}
	return f.Find(ctx)
}

// Finder implements Find. Its fields are all dependencies of Find on the machine, so
// that tests can replace them. Every field must be set.
type Finder struct {
	// Products are searched for on PATH in this order. No other is accepted.
	Products []Product
	// Getenv reads an environment variable, "" if it is not set.
	Getenv func(name string) string
	// LookPath finds a command on PATH, as exec.LookPath does.
	LookPath func(file string) (string, error)
	// Probe runs a binary and reports what it is.
	Probe func(ctx context.Context, path string) (CLI, error)
	// Fetch returns the path of the Terraform release Pinned, and downloads it if
	// it is not in the cache.
	Fetch func(ctx context.Context) (string, error)
}

// Find returns the first usable command line, as the function Find does.
func (f Finder) Find(ctx context.Context) (CLI, error) {
	if path := f.Getenv(EnvPath); path != "" {
		cli, err := f.check(ctx, path)
		if err != nil {
			return CLI{}, fmt.Errorf("%s=%s: %w", EnvPath, path, err)
		}
		return cli, nil
	}

	var tried []error
	for _, product := range f.Products {
		path, err := f.LookPath(product.command())
		if err != nil {
			if !errors.Is(err, exec.ErrNotFound) {
				tried = append(tried, err)
			}
			continue
		}
		cli, err := f.check(ctx, path)
		if err == nil {
			return cli, nil
		}
		tried = append(tried, fmt.Errorf("%s: %w", path, err))
	}

	path, err := f.Fetch(ctx)
	if err == nil {
		return f.check(ctx, path)
	}
	tried = append(tried, fmt.Errorf("download Terraform %s: %w", Pinned, err))
	if ctx.Err() != nil {
		return CLI{}, ctx.Err()
	}
	return CLI{}, &NotFoundError{Products: f.Products, Tried: tried}
}

// check probes path, and checks the product and version.
func (f Finder) check(ctx context.Context, path string) (CLI, error) {
	cli, err := f.Probe(ctx, path)
	if err != nil {
		return CLI{}, err
	}
	got, err := version.NewVersion(cli.Version)
	if err != nil {
		return CLI{}, fmt.Errorf("%s %s: %w", cli.Product, cli.Version, err)
	}
	// Core drops the pre-release: 1.8.0-beta1 has functions too.
	if got.Core().LessThan(version.Must(version.NewVersion(Oldest))) {
		return CLI{}, fmt.Errorf("%s %s is older than %s", cli.Product, cli.Version, Oldest)
	}
	for _, product := range f.Products {
		if cli.Product == product {
			return cli, nil
		}
	}
	return CLI{}, fmt.Errorf("%s %s cannot be used here", cli.Product, cli.Version)
}
