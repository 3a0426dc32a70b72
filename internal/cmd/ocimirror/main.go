// Command ocimirror writes the archives of a release as an OCI image layout, from
// which OpenTofu installs the provider once a registry has it:
//
//	ocimirror -from dist -into dist/oci
//
// The folder has the archives that SHA256SUMS of the release names, checked
// against it, under the version as tag.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ocimirror:", err)
		os.Exit(1)
	}
}

func run(args []string, out, messages io.Writer) error {
	flags := flag.NewFlagSet("ocimirror", flag.ContinueOnError)
	flags.SetOutput(messages)
	from := flags.String("from", "dist", "`folder` with the files of a release")
	into := flags.String("into", "dist/oci", "`folder` to write; it must not exist")
	if err := flags.Parse(args); err != nil {
		return err
	}
	release, err := readRelease(*from)
	if err != nil {
		return err
	}
	if err := release.write(*into); err != nil {
		return err
	}
	fmt.Fprintf(out, "wrote %s: version %s for %d platforms\n"+
		"upload it: oras cp --from-oci-layout %s:%s REGISTRY/NAMESPACE/teo:%s\n",
		*into, release.version, len(release.archives), *into, release.version, release.version)
	return nil
}
