package examples_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/sandbox"
	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// tools are shared by all tests of this package.
type tools struct {
	cli    tfcli.CLI      // a real command line
	mirror sandbox.Mirror // with the provider's binary
}

// toolbox finds and builds them once, in temp, when the first test needs them. In
// TestMain, go test would not see what its cached results depend on.
type toolbox struct {
	temp string
	once func() (tools, error)
}

var shared = newToolbox()

func newToolbox() *toolbox {
	b := new(toolbox)
	b.once = sync.OnceValues(func() (tools, error) {
		ctx := context.Background()
		var err error
		if b.temp, err = os.MkdirTemp("", "teo-examples-"); err != nil {
			return tools{}, err
		}
		cli, err := tfcli.Find(ctx)
		if err != nil {
			return tools{}, err
		}
		mirror, err := sandbox.Build(ctx, filepath.Join(b.temp, "mirror"))
		return tools{cli, mirror}, err
	})
	return b
}

func (b *toolbox) get(t *testing.T) tools {
	t.Helper()
	if testing.Short() {
		t.Skip("it compiles the provider and starts a real command line")
	}
	made, err := b.once()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.temp != "" {
		os.RemoveAll(shared.temp)
	}
	os.Exit(code)
}
