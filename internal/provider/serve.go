package provider

import (
	"context"
	"os"
	"os/signal"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Address is the provider's address in the registry.
const Address = "registry.terraform.io/edgeone-community/teo"

// Serve serves a version of the provider to Terraform until Terraform ends it;
// debug serves it to a Terraform that is told how to attach. The error is that
// of the handshake.
func Serve(ctx context.Context, version string, debug bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := providerserver.NewProtocol6(New(version)())()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	go stopOn(ctx, interrupts, server)

	var options []tf6server.ServeOpt
	if debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve(Address, func() tfprotov6.ProviderServer { return server }, options...)
}

// stopEvery is how soon a read that begins after an interrupt is ended.
const stopEvery = 200 * time.Millisecond

// stopOn ends what the provider does when the user presses Ctrl-C, which a
// terminal tells all processes. Terraform passes it on in `plan`, but not while
// `apply` makes its plan (1.11.4): it would wait for reads that nobody ends.
// Reads that it still begins after that are ended as well.
func stopOn(ctx context.Context, interrupts <-chan os.Signal, server tfprotov6.ProviderServer) {
	select {
	case <-interrupts:
	case <-ctx.Done():
		return
	}
	ticker := time.NewTicker(stopEvery)
	defer ticker.Stop()
	for {
		// The answer is empty, and there is no error.
		_, _ = server.StopProvider(ctx, new(tfprotov6.StopProviderRequest))
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
