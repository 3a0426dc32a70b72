// Command floor is the provider without its work: it has the same schemas, and
// answers each read of a data source with the msgpack in the file that
// TEO_FLOOR_STATE names. What `terraform apply` then takes is Terraform's own
// part.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
)

func main() {
	state, err := os.ReadFile(os.Getenv("TEO_FLOOR_STATE"))
	if err != nil {
		log.Fatal("TEO_FLOOR_STATE: ", err)
	}
	server, err := provider.NewServer("floor", provider.Options{})
	if err != nil {
		log.Fatal(err)
	}
	err = tf6server.Serve(provider.Address, func() tfprotov6.ProviderServer { return floor{server, state} })
	if err != nil {
		log.Fatal(err)
	}
}

type floor struct {
	tfprotov6.ProviderServer

	state []byte
}

// ReadDataSource answers any read with the ready-made state.
func (f floor) ReadDataSource(context.Context, *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return &tfprotov6.ReadDataSourceResponse{State: &tfprotov6.DynamicValue{MsgPack: f.state}}, nil
}
