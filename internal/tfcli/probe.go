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

// probeTimeout bounds one `version` command, which takes about 0.1 s.
const probeTimeout = 30 * time.Second

// versionLine matches "Terraform v1.11.4" and "OpenTofu v1.12.6". The text is
// read and not -json, because the JSON of both calls itself terraform_version.
// Warnings about the user's own configuration can stand above the line.
var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(\S+)`)

// probe starts `path version` and reads what it is from the answer.
func probe(ctx context.Context, path string) (CLI, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()

	// cmd.Dir is another folder, so a relative path would lead elsewhere.
	abs, err := filepath.Abs(path)
	if err != nil {
		return CLI{}, err
	}
	cmd := exec.CommandContext(ctx, abs, "version")
	// Without this Terraform asks its maker for a newer release.
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	// `version` also lists the providers of the working folder.
	cmd.Dir = os.TempDir()
	// A wrapper script may leave a child behind that holds the pipe open.
	cmd.WaitDelay = time.Second

	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() != nil {
			return CLI{}, fmt.Errorf("`version` did not end: %w", ctx.Err())
		}
		return CLI{}, fmt.Errorf("`version` failed: %w", err)
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return CLI{}, errors.New("`version` answered neither as Terraform nor as OpenTofu")
	}
	return CLI{Path: abs, Product: Product(match[1]), Version: string(match[2])}, nil
}
