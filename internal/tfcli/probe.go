package tfcli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// probeTimeout limits one `version` command, which takes about 0.1 s.
const probeTimeout = 30 * time.Second

// versionLine matches "Terraform v1.11.4" and "OpenTofu v1.12.6". The output of
// -json has terraform_version for both. Warnings about the user's configuration
// can precede the line.
var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(\S+)`)

// probe runs `path version` and parses the output.
func probe(ctx context.Context, path string) (CLI, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()

	// The command runs in another folder.
	abs, err := filepath.Abs(path)
	if err != nil {
		return CLI{}, err
	}
	cmd := exec.CommandContext(ctx, abs, "version")
	// Do not let Terraform check for a newer release.
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	// `version` also lists the providers of the working folder. Use another one.
	cmd.Dir = os.TempDir()
	// A wrapper script may leave a child process that keeps the pipe open.
	cmd.WaitDelay = time.Second

	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() != nil {
			return CLI{}, fmt.Errorf("`version` did not finish: %w", ctx.Err())
		}
		return CLI{}, fmt.Errorf("`version` failed: %w", err)
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return CLI{}, errors.New("the output of `version` is neither Terraform's nor OpenTofu's")
	}
	return CLI{Path: abs, Product: Product(match[1]), Version: string(match[2])}, nil
}
