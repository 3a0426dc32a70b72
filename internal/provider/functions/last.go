// Package functions has the functions that depend on no service: last_hours, last_days,
// parse_log_packet_name and windows.
package functions

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
)

// windowTypes are the attributes of a window, which last_hours, last_days and
// windows return.
var windowTypes = map[string]attr.Type{"start_time": types.StringType, "end_time": types.StringType}

type windowObject struct {
	StartTime string `tfsdk:"start_time"`
	EndTime   string `tfsdk:"end_time"`
}

func newWindowObject(start, end time.Time) windowObject {
	return windowObject{start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339)}
}

// maxUnits bounds last_hours and last_days. Logs are kept for at most 183 days, so
// more is a mistake.
const maxUnits = 10_000

var _ function.Function = (*lastFunction)(nil)

// lastFunction is last_hours or last_days.
type lastFunction struct {
	name string
	unit time.Duration
}

func NewLastHours() function.Function { return lastFunction{"hours", time.Hour} }
func NewLastDays() function.Function  { return lastFunction{"days", 24 * time.Hour} }

func (f lastFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "last_" + f.name
}

func (f lastFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: fmt.Sprintf("Returns the last n whole UTC %s before a time", f.name),
		MarkdownDescription: fmt.Sprintf("Returns `{ start_time, end_time }`: the window of the `n` whole UTC %[1]s that end at or before `now`, in RFC 3339. "+
			"The function does not read a clock: pass `plantimestamp()` for the time of the plan.", f.name),
		Parameters: []function.Parameter{
			function.StringParameter{Name: "now", MarkdownDescription: "A time in RFC 3339 with an offset, such as `plantimestamp()`."},
			function.Int64Parameter{Name: "n", CustomType: query.WholeNumber{}, MarkdownDescription: fmt.Sprintf("Number of %s, from 1 to %d.", f.name, maxUnits)},
		},
		Return: function.ObjectReturn{AttributeTypes: windowTypes},
	}
}

func (f lastFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	var n int64
	if resp.Error = req.Arguments.Get(ctx, &text, &n); resp.Error != nil {
		return
	}
	now, problem := timeArgument(0, text)
	if n < 1 || n > maxUnits {
		problem = function.ConcatFuncErrors(problem, function.NewArgumentFuncError(1, fmt.Sprintf("n is %d, but must be from 1 to %d.", n, maxUnits)))
	}
	if problem != nil {
		resp.Error = problem
		return
	}
	// Truncate counts from midnight UTC in year 1, so days are UTC days.
	end := now.UTC().Truncate(f.unit)
	resp.Error = resp.Result.Set(ctx, newWindowObject(end.Add(-time.Duration(n)*f.unit), end))
}

// timeArgument parses the time argument at an index.
func timeArgument(index int64, text string) (time.Time, *function.FuncError) {
	t, problem := query.ParseTime(text)
	if problem != "" {
		return time.Time{}, function.NewArgumentFuncError(index, problem)
	}
	return t, nil
}
