// Package sandbox runs Terraform or OpenTofu with a local build of the provider,
// in a folder of its own and without the user's settings. The demo, the
// benchmarks and the tests of the examples use it.
package sandbox

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// stopTime is how long a command line may take to stop the provider and write its
// state after an interrupt, before it is killed.
const stopTime = 10 * time.Second

// Sandbox is a working folder with a configuration in it.
type Sandbox struct {
	// CLI is the command line that is run.
	CLI tfcli.CLI
	// Dir is the working folder.
	Dir string

	env []string
}

// New copies files, a configuration with its modules, into dir, which is created
// if it does not exist. The provider is installed from mirror.
//
// The command line runs in the environment of this process, without variables
// that configure it (TF_CLI_CONFIG_FILE, TF_CLI_ARGS, TF_WORKSPACE, …) and
// without credentials and settings of Tencent Cloud. env, as "NAME=value", is
// added.
func New(cli tfcli.CLI, mirror Mirror, files fs.FS, dir string, env ...string) (*Sandbox, error) {
	if err := os.CopyFS(dir, files); err != nil {
		return nil, fmt.Errorf("copy the configuration: %w", err)
	}
	// Terraform does not read this name as a configuration.
	config := filepath.Join(dir, "cli.tfrc")
	if err := mirror.writeConfig(config); err != nil {
		return nil, err
	}
	own := []string{"TF_CLI_CONFIG_FILE=" + config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1"}
	return &Sandbox{CLI: cli, Dir: dir, env: append(append(own, clean(os.Environ())...), env...)}, nil
}

// Run runs the command line and waits for it. If ctx ends first, the command line
// is interrupted as by Ctrl-C, every process that it has started has ended when
// Run returns, and the error is that of ctx.
func (s *Sandbox) Run(ctx context.Context, stdout, stderr io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, s.CLI.Path, args...)
	cmd.Dir, cmd.Env = s.Dir, s.env
	cmd.Stdout, cmd.Stderr = stdout, stderr
	supervise(cmd)
	err := cmd.Run()
	if ctx.Err() != nil {
		endAll(cmd)
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(s.CLI.Path), args[0], err)
	}
	return nil
}

// clean removes the variables that configure a command line or the provider.
func clean(environment []string) []string {
	var kept []string
	for _, pair := range environment {
		name, _, _ := strings.Cut(pair, "=")
		if !configures(name) {
			kept = append(kept, pair)
		}
	}
	return kept
}

func configures(name string) bool {
	switch name {
	case "TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER", "TF_LOG_PATH":
		return false // for debugging
	}
	for _, prefix := range []string{"TF_", "TOFU_", "TENCENTCLOUD_", "TCCLI_", "TKE_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
