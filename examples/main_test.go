package examples_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/cmd/demo/sandbox"
	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// tools are what all tests of this package use: a real command line, and the
// provider as a binary, built once.
type tools struct {
	cli    tfcli.CLI
	mirror sandbox.Mirror
}

// built is set before the first test starts, and only read by them.
var built tools

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	temp, err := os.MkdirTemp("", "teo-examples-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(temp)
	ctx := context.Background()
	if built.cli, err = tfcli.Find(ctx); err == nil {
		built.mirror, err = sandbox.Build(ctx, filepath.Join(temp, "mirror"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
