// Command tfcli prints the path of a Terraform or OpenTofu command line, and
// downloads Terraform if the machine has none. The make targets use it.
//
//	tfcli              path of terraform or tofu
//	tfcli -terraform   path of terraform, never tofu
//	tfcli -env         export lines for a POSIX shell: the environment in which
//	                   terraform-plugin-testing uses the command line
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tfcli:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("tfcli", flag.ContinueOnError)
	terraform := flags.Bool("terraform", false, "accept Terraform only")
	env := flags.Bool("env", false, "print export lines for eval")
	if err := flags.Parse(args); err != nil {
		return err
	}

	find := tfcli.Find
	if *terraform {
		find = tfcli.FindTerraform
	}
	cli, err := find(ctx)
	if err != nil {
		return err
	}
	if !*env {
		_, err = fmt.Fprintln(stdout, cli.Path)
		return err
	}
	for _, pair := range cli.TestEnv() {
		name, value, _ := strings.Cut(pair, "=")
		if _, err := fmt.Fprintf(stdout, "export %s=%s\n", name, quote(value)); err != nil {
			return err
		}
	}
	return nil
}

// quote quotes any value as one word for a POSIX shell.
func quote(value string) string {
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
