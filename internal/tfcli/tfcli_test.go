package tfcli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

var errNoNetwork = errors.New("no network")

// machine is the environment of a Finder: the commands on PATH and their binaries.
type machine struct {
	env      map[string]string
	path     map[string]string
	binaries map[string]CLI
	fetched  string
	fetches  int
}

func (m *machine) finder(products ...Product) Finder {
	return Finder{
		Products: products,
		Getenv:   func(name string) string { return m.env[name] },
		LookPath: func(file string) (string, error) {
			if path, ok := m.path[file]; ok {
				return path, nil
			}
			return "", &exec.Error{Name: file, Err: exec.ErrNotFound}
		},
		Probe: func(_ context.Context, path string) (CLI, error) {
			cli, ok := m.binaries[path]
			if !ok {
				return CLI{}, errors.New("does not start")
			}
			cli.Path = path
			return cli, nil
		},
		Fetch: func(context.Context) (string, error) {
			m.fetches++
			if m.fetched == "" {
				return "", errNoNetwork
			}
			return m.fetched, nil
		},
	}
}

func TestTheFirstUsableCommandLineIsFound(t *testing.T) {
	t.Parallel()
	both := []Product{Terraform, OpenTofu}
	binaries := map[string]CLI{
		"/new/terraform":   {Product: Terraform, Version: "1.11.4"},
		"/old/terraform":   {Product: Terraform, Version: "1.7.5"},
		"/beta/terraform":  {Product: Terraform, Version: "1.8.0-beta1"},
		"/odd/terraform":   {Product: Terraform, Version: "unknown"},
		"/link/terraform":  {Product: OpenTofu, Version: "1.12.6"},
		"/new/tofu":        {Product: OpenTofu, Version: "1.12.6"},
		"/cache/terraform": {Product: Terraform, Version: Pinned},
	}
	tests := map[string]struct {
		machine  machine
		products []Product
		want     string
		fetches  int
		errParts []string
	}{
		"environment first": {
			machine:  machine{env: map[string]string{EnvPath: "/new/tofu"}, path: map[string]string{"terraform": "/new/terraform"}},
			products: both, want: "/new/tofu",
		},
		"an unusable path in the environment is an error": {
			machine:  machine{env: map[string]string{EnvPath: "/gone"}, path: map[string]string{"terraform": "/new/terraform"}},
			products: both, errParts: []string{EnvPath + "=/gone", "does not start"},
		},
		"environment names the wrong product": {
			machine:  machine{env: map[string]string{EnvPath: "/new/tofu"}},
			products: []Product{Terraform}, errParts: []string{"OpenTofu 1.12.6 cannot be used here"},
		},
		"terraform before tofu": {
			machine:  machine{path: map[string]string{"terraform": "/new/terraform", "tofu": "/new/tofu"}},
			products: both, want: "/new/terraform",
		},
		"tofu alone": {
			machine:  machine{path: map[string]string{"tofu": "/new/tofu"}},
			products: both, want: "/new/tofu",
		},
		"tofu under the name of terraform": {
			machine:  machine{path: map[string]string{"terraform": "/link/terraform"}},
			products: both, want: "/link/terraform",
		},
		"a release that is too old is skipped": {
			machine:  machine{path: map[string]string{"terraform": "/old/terraform", "tofu": "/new/tofu"}},
			products: both, want: "/new/tofu",
		},
		"a pre-release of the oldest is accepted": {
			machine:  machine{path: map[string]string{"terraform": "/beta/terraform"}},
			products: both, want: "/beta/terraform",
		},
		"an unreadable version is skipped": {
			machine:  machine{path: map[string]string{"terraform": "/odd/terraform"}, fetched: "/cache/terraform"},
			products: both, want: "/cache/terraform", fetches: 1,
		},
		"fetched": {
			machine:  machine{fetched: "/cache/terraform"},
			products: both, want: "/cache/terraform", fetches: 1,
		},
		"terraform only does not accept tofu": {
			machine:  machine{path: map[string]string{"tofu": "/new/tofu"}, fetched: "/cache/terraform"},
			products: []Product{Terraform}, want: "/cache/terraform", fetches: 1,
		},
		"nothing": {
			machine:  machine{path: map[string]string{"terraform": "/old/terraform"}},
			products: both, fetches: 1,
			errParts: []string{
				"no usable terraform or tofu", "/old/terraform", "older than " + Oldest,
				"download Terraform " + Pinned + ": no network", EnvPath, "make bin/tools/tofu",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.machine.binaries = binaries
			got, err := test.machine.finder(test.products...).Find(t.Context())
			if test.machine.fetches != test.fetches {
				t.Errorf("%d fetches, want %d", test.machine.fetches, test.fetches)
			}
			if test.errParts == nil && err != nil {
				t.Fatal(err)
			}
			if got.Path != test.want {
				t.Errorf("found %q, want %q", got.Path, test.want)
			}
			for _, part := range test.errParts {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
}

func TestNotFoundErrorKeepsItsReasons(t *testing.T) {
	t.Parallel()
	_, err := new(machine).finder(Terraform).Find(t.Context())
	var notFound *NotFoundError
	if !errors.As(err, &notFound) || !errors.Is(err, errNoNetwork) {
		t.Fatalf("%v is not a NotFoundError with the reason of the download", err)
	}
	if strings.Contains(err.Error(), "OpenTofu") {
		t.Errorf("%q suggests OpenTofu, which cannot be used", err)
	}
}

func TestFindEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := new(machine).finder(Terraform).Find(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want the context's error", err)
	}
}

func TestTestsGetTheVariablesOfTheirCommandLine(t *testing.T) {
	t.Parallel()
	tests := map[Product][]string{
		Terraform: {
			EnvPath + "=/bin/x",
			"TF_CLI_CONFIG_FILE=" + os.DevNull,
		},
		OpenTofu: {
			EnvPath + "=/bin/x",
			"TF_CLI_CONFIG_FILE=" + os.DevNull,
			"TF_ACC_PROVIDER_HOST=registry.opentofu.org",
			"TF_ACC_PROVIDER_NAMESPACE=edgeone-community",
		},
	}
	for product, want := range tests {
		if got := (CLI{Path: "/bin/x", Product: product}).TestEnv(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", product, got, want)
		}
	}
}
