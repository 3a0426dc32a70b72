package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/examples"
	"github.com/edgeone-community/terraform-provider-teo/internal/sandbox"
	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// demo is one run. Its fields are its dependencies on the machine.
type demo struct {
	live    bool
	out     io.Writer
	find    func(context.Context) (tfcli.CLI, error)
	now     func() time.Time
	environ []string // "NAME=value"
	temp    string   // for the temporary folder; "" for the system's
	page    string   // file to write the chart to, as a page
}

// run applies examples/demo with the provider of this checkout, and prints its
// outputs. It stops and removes everything that it has created, also if ctx ends.
func (d demo) run(ctx context.Context) error {
	began := d.now()
	where, err := d.service()
	if err != nil {
		return err
	}
	defer where.stop()
	d.say("%s", where.text)
	cli, err := d.find(ctx)
	if err != nil {
		return err
	}
	d.say("%s %s (%s)", cli.Product, cli.Version, cli.Path)

	temp, err := os.MkdirTemp(d.temp, "teo-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	d.say("compiling the provider")
	mirror, err := sandbox.Build(ctx, filepath.Join(temp, "mirror"))
	if err != nil {
		return err
	}
	files, err := fs.Sub(examples.FS, "demo")
	if err != nil {
		return err
	}
	box, err := sandbox.New(cli, mirror, files, filepath.Join(temp, "work"), where.env...)
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "-input=false", "-no-color"},
		{"apply", "-input=false", "-auto-approve", "-no-color"},
	} {
		d.say("%s %s (examples/demo)", cli.Product, args[0])
		if err := d.quietly(ctx, box, args...); err != nil {
			return err
		}
	}
	where.afterwards(d.out)
	d.say("%s output", cli.Product)
	if err := box.Run(ctx, d.out, d.out, "output", "-no-color"); err != nil {
		return err
	}
	for _, note := range where.notes {
		fmt.Fprintln(d.out, note)
	}
	if err := d.savePage(ctx, box); err != nil {
		return err
	}
	d.say("done in %s", d.now().Sub(began).Round(100*time.Millisecond))
	return nil
}

// quietly runs a command and prints what it said only if it fails.
func (d demo) quietly(ctx context.Context, box *sandbox.Sandbox, args ...string) error {
	var said bytes.Buffer
	err := box.Run(ctx, &said, &said, args...)
	if err != nil && ctx.Err() == nil {
		_, _ = d.out.Write(said.Bytes())
	}
	return err
}

// savePage writes the chart as a page, the only file that remains of the demo.
func (d demo) savePage(ctx context.Context, box *sandbox.Sandbox) error {
	var page bytes.Buffer
	if err := box.Run(ctx, &page, d.out, "output", "-raw", "page"); err != nil {
		return err
	}
	if page.Len() == 0 {
		return nil // without a comparison
	}
	file, err := filepath.Abs(d.page)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		return err
	}
	d.say("the same chart as a page: %s", file)
	return nil
}

func (d demo) say(format string, args ...any) {
	fmt.Fprintf(d.out, "==> "+format+"\n", args...)
}
