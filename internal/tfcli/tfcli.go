// Package tfcli finds a Terraform or OpenTofu command line for the tests, the
// demo and the generated pages, and fetches one where the machine has none.
//
// The provider itself does not need it: Terraform starts the provider, never
// the other way round.
package tfcli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/hashicorp/go-version"
)

// EnvPath is the environment variable that names the command line to use. It
// is terraform-plugin-testing's own, so that one setting serves both.
const EnvPath = "TF_ACC_TERRAFORM_PATH"

// Oldest is the oldest release that is accepted: provider functions, which the
// provider has, came with Terraform 1.8 and OpenTofu 1.8.
const Oldest = "1.8.0"

// Pinned is the Terraform release that is fetched where none is found.
const Pinned = "1.11.4"

// Product tells the two command lines apart.
type Product string

// The products as their `version` command spells them.
const (
	Terraform Product = "Terraform"
	OpenTofu  Product = "OpenTofu"
)

// command is the file name to look for on PATH.
func (p Product) command() string {
	if p == OpenTofu {
		return "tofu"
	}
	return "terraform"
}

// CLI is a command line that was started once and answered.
type CLI struct {
	// Path is the absolute path of the binary.
	Path string
	// Product is what the binary says it is, whatever its file is called.
	Product Product
	// Version is the release without a leading v, such as "1.11.4".
	Version string
}

// TestEnv is the environment, as "NAME=value", that makes
// terraform-plugin-testing use this command line.
//
// The user's own configuration of the command line is shut out: development
// overrides in it would change what is tested, and where TF_CLI_CONFIG_FILE
// names a file that is not there, OpenTofu warns on standard output, so that
// terraform-plugin-testing cannot read its version. OpenTofu resolves a source
// address without a host to its own registry, so the tests must serve the
// provider under that host.
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

// Find returns the first usable command line of: the one that EnvPath names,
// terraform on PATH, tofu on PATH, the Terraform release Pinned in the user's
// cache folder, the same fetched from HashiCorp's release site.
//
// A path in EnvPath that cannot be used is an error: whoever set it meant it.
// One on PATH that cannot be used is passed over, and named in the error if
// nothing else is found either.
func Find(ctx context.Context) (CLI, error) {
	return newFinder().Find(ctx)
}

// FindTerraform is Find without OpenTofu, for tfplugindocs, which starts
// nothing but a binary called terraform.
func FindTerraform(ctx context.Context) (CLI, error) {
	f := newFinder()
	f.Products = []Product{Terraform}
	return f.Find(ctx)
}

// Finder is Find with its surroundings as fields, so that tests need no
// environment, PATH or network of their own. Every field must be set.
type Finder struct {
	// Products are looked for on PATH in this order; no other is accepted.
	Products []Product
	// Getenv reads an environment variable, "" if it is not set.
	Getenv func(name string) string
	// LookPath finds a command on PATH, as exec.LookPath does.
	LookPath func(file string) (string, error)
	// Probe starts a binary and reports what it is.
	Probe func(ctx context.Context, path string) (CLI, error)
	// Fetch returns the path of the Terraform release Pinned, downloading it
	// if it is not in the cache.
	Fetch func(ctx context.Context) (string, error)
}

// Find does what the function of that name says.
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
	tried = append(tried, fmt.Errorf("fetching Terraform %s: %w", Pinned, err))
	if ctx.Err() != nil {
		return CLI{}, ctx.Err()
	}
	return CLI{}, &NotFoundError{Products: f.Products, Tried: tried}
}

// check probes path and holds the answer against Products and Oldest.
func (f Finder) check(ctx context.Context, path string) (CLI, error) {
	cli, err := f.Probe(ctx, path)
	if err != nil {
		return CLI{}, err
	}
	got, err := version.NewVersion(cli.Version)
	if err != nil {
		return CLI{}, fmt.Errorf("%s %s: %w", cli.Product, cli.Version, err)
	}
	// Core drops a pre-release suffix: 1.8.0-beta1 has functions too.
	if got.Core().LessThan(version.Must(version.NewVersion(Oldest))) {
		return CLI{}, fmt.Errorf("%s %s is older than %s", cli.Product, cli.Version, Oldest)
	}
	for _, product := range f.Products {
		if cli.Product == product {
			return cli, nil
		}
	}
	return CLI{}, fmt.Errorf("is %s %s, which will not do here", cli.Product, cli.Version)
}
