package provider

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/offlinelogs"
)

// Address is the provider's address in the registry.
const Address = "registry.terraform.io/edgeone-community/teo"

// NewServer returns a server of the provider for one instance of Terraform's
// protocol. It is the only way to serve the provider, so that no server lacks
// ListServer.
func NewServer(version string, options Options) (offlinelogs.Server, error) {
	server, err := providerserver.NewProtocol6WithError(newProvider(version, options))()
	if err != nil {
		return nil, err
	}
	full, ok := server.(offlinelogs.Server)
	if !ok {
		return nil, errors.New("the framework's server lacks a part of the protocol")
	}
	return &offlinelogs.ListServer{Server: full}, nil
}

// Serve serves a version of the provider until Terraform stops it. With debug it
// prints how Terraform attaches to it. The error is that of the handshake.
func Serve(ctx context.Context, version string, debug bool) error {
	server, err := NewServer(version, Options{})
	if err != nil {
		return err
	}
	if debug {
		// This process serves several runs, so none of them may stop it.
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
	offlinelogs.Server

	stop chan<- os.Signal
}

// StopProvider handles a stop request like an interrupt.
func (s *stoppable) StopProvider(ctx context.Context, req *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	select {
	case s.stop <- os.Interrupt:
	default: // it is stopping already
	}
	return s.Server.StopProvider(ctx, req)
}

// stopEvery is how soon a read that begins after an interrupt is stopped.
const stopEvery = 200 * time.Millisecond

// stopOn stops all reads when the user presses Ctrl-C, which a terminal sends to
// all processes, or when Terraform asks for it. Terraform 1.11.4 passes Ctrl-C on
// during plan, but not while apply plans, and would wait for the reads. It then
// starts reads that were queued, which are stopped too.
func stopOn(ctx context.Context, stop <-chan os.Signal, server tfprotov6.ProviderServer) {
	select {
	case <-stop:
	case <-ctx.Done():
		return
	}
	ticker := time.NewTicker(stopEvery)
	defer ticker.Stop()
	for {
		// The response is empty and the error always nil.
		_, _ = server.StopProvider(ctx, new(tfprotov6.StopProviderRequest))
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
