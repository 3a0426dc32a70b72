package provider

import (
	"context"
	"os"
	"os/signal"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Address is the provider's address in the registry.
const Address = "registry.terraform.io/edgeone-community/teo"

// Serve serves a version of the provider to Terraform until Terraform ends it;
// debug serves it to a Terraform that is told how to attach. The error is that
// of the handshake.
func Serve(ctx context.Context, version string, debug bool) error {
	server, err := NewServer(version, Options{})
	if err != nil {
		return err
	}
	if debug {
		// This process serves one run after the other: none ends it for good.
		return tf6server.Serve(Address, func() tfprotov6.ProviderServer { return server }, tf6server.WithManagedDebug())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	defer signal.Stop(stop)
	go stopOn(ctx, stop, server)
	return tf6server.Serve(Address, func() tfprotov6.ProviderServer { return &stoppable{server, stop} })
}

// stoppable is a server that stays stopped.
type stoppable struct {
	Server

	stop chan<- os.Signal
}

// StopProvider takes word from Terraform as it takes an interrupt.
func (s *stoppable) StopProvider(ctx context.Context, req *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	select {
	case s.stop <- os.Interrupt:
	default: // it is known already
	}
	return s.Server.StopProvider(ctx, req)
}

// stopEvery is how soon a read that begins after an interrupt is ended.
const stopEvery = 200 * time.Millisecond

// stopOn ends what the provider does when the user presses Ctrl-C, which a
// terminal tells all processes, or Terraform says so. Terraform passes Ctrl-C
// on in `plan`, but not while `apply` makes its plan (1.11.4): it would wait for
// reads that nobody ends. In both it goes on to begin reads that were queued,
// which are ended as well.
func stopOn(ctx context.Context, stop <-chan os.Signal, server tfprotov6.ProviderServer) {
	select {
	case <-stop:
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
