package functions

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

var _ function.Function = (*parseLogPacketNameFunction)(nil)

// parseLogPacketNameFunction parses the name of a package.
type parseLogPacketNameFunction struct{}

func NewParseLogPacketName() function.Function { return parseLogPacketNameFunction{} }

type packetName struct {
	StartTime   string `tfsdk:"start_time"`
	EndTime     string `tfsdk:"end_time"`
	SlotMinutes int64  `tfsdk:"slot_minutes"`
	Name        string `tfsdk:"name"`
}

func (f parseLogPacketNameFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "parse_log_packet_name"
}

func (f parseLogPacketNameFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Parses the name of a log package",
		MarkdownDescription: "Returns `{ start_time, end_time, slot_minutes, name }` for a name such as `20220811-02-www.example.com` (an hour) or `20230725-2315-www.example.com` (a quarter of an hour). " +
			"Times are RFC 3339 in UTC; the end is exclusive. `name` is the domain or the proxy ID. A name does not contain the area.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "name", MarkdownDescription: "`log_packet_name` of a package, with or without `.log.gz`."},
		},
		Return: function.ObjectReturn{AttributeTypes: map[string]attr.Type{
			"start_time": types.StringType, "end_time": types.StringType, "slot_minutes": types.Int64Type, "name": types.StringType,
		}},
	}
}

func (f parseLogPacketNameFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var name string
	if resp.Error = req.Arguments.Get(ctx, &name); resp.Error != nil {
		return
	}
	slot, err := teo.ParsePacketName(name)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("%q is not the name of a log package: %s.", name, err))
		return
	}
	resp.Error = resp.Result.Set(ctx, packetName{
		StartTime: slot.Start.Format(time.RFC3339), EndTime: slot.End.Format(time.RFC3339),
		SlotMinutes: int64(slot.Minutes()), Name: slot.Name,
	})
}
