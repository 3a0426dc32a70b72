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
	home    string   // with tccli's profiles; "" for the user's
	temp    string   // for the temporary folder; "" for the system's
	page    string   // file to write the chart to, as a page
}

// run runs the demo. It stops and removes everything that it has created, also if
// ctx ends.
func (d demo) run(ctx context.Context) error {
	began := d.now()
	where, err := d.service()
	if err != nil {
		return err
	}
	defer where.stop()
	d.say("%s", where.text)

	d.say("looking for terraform or tofu, and downloading Terraform if there is neither")
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
	box, err := d.prepare(ctx, cli, temp, where.env)
	if err != nil {
		return err
	}
	if err := d.apply(ctx, box); err != nil {
		return err
	}
	var outputs bytes.Buffer
	if err := box.Run(ctx, &outputs, d.out, "output", "-json", "-no-color"); err != nil {
		return err
	}
	o, err := report(d.out, outputs.Bytes())
	if err != nil {
		return err
	}
	where.afterwards(d.out)
	if err := d.chart(o, where.notes); err != nil {
		return err
	}
	d.say("done in %s", d.now().Sub(began).Round(100*time.Millisecond))
	return nil
}

// prepare builds the provider and copies examples/demo.
func (d demo) prepare(ctx context.Context, cli tfcli.CLI, temp string, env []string) (*sandbox.Sandbox, error) {
	began := d.now()
	d.say("compiling the provider: a few seconds, or minutes the first time")
	mirror, err := sandbox.Build(ctx, filepath.Join(temp, "mirror"))
	if err != nil {
		return nil, err
	}
	d.say("built the provider in %s", d.now().Sub(began).Round(100*time.Millisecond))
	files, err := fs.Sub(examples.FS, "demo")
	if err != nil {
		return nil, err
	}
	return sandbox.New(cli, mirror, files, filepath.Join(temp, "work"), env...)
}

// apply runs init and apply, and prints their progress.
func (d demo) apply(ctx context.Context, box *sandbox.Sandbox) error {
	for _, args := range [][]string{
		{"init", "-input=false", "-no-color"},
		{"apply", "-input=false", "-auto-approve", "-json"},
	} {
		d.say("%s %s (examples/demo)", box.CLI.Product, args[0])
		messages := newProgressWriter(d.out, args[0] == "apply")
		err := box.Run(ctx, messages, messages, args...)
		messages.flush(err != nil && ctx.Err() == nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// chart prints the chart of the time range and writes it as a page. Only the page
// is kept after the demo.
func (d demo) chart(o outputs, notes []string) error {
	if o.Coverage.Value.Text == "" {
		return nil
	}
	d.say("log packages compared with the requests that EdgeOne counted")
	fmt.Fprintf(d.out, "\n%s\n", o.Coverage.Value.Text)
	for _, note := range notes {
		fmt.Fprintln(d.out, note)
	}
	if len(notes) > 0 {
		fmt.Fprintln(d.out)
	}
	page, err := filepath.Abs(d.page)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(page), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(page, []byte(o.Coverage.Value.HTML), 0o600); err != nil {
		return err
	}
	d.say("the same chart as a page: %s", page)
	return nil
}

func (d demo) say(format string, args ...any) {
	fmt.Fprintf(d.out, "==> "+format+"\n", args...)
}
