package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// windowTypes is the object of a window, which last_hours, last_days and
// windows return.
var windowTypes = map[string]attr.Type{"start_time": types.StringType, "end_time": types.StringType}

type windowObject struct {
	StartTime string `tfsdk:"start_time"`
	EndTime   string `tfsdk:"end_time"`
}

func windowOf(start, end time.Time) windowObject {
	return windowObject{start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339)}
}

// mostUnits bounds last_hours and last_days: logs are kept for 183 days at the
// most, so more is a mistake.
const mostUnits = 10_000

var _ function.Function = (*lastFunction)(nil)

// lastFunction is last_hours or last_days.
type lastFunction struct {
	name string
	unit time.Duration
}

func newLastHoursFunction() function.Function { return lastFunction{"hours", time.Hour} }
func newLastDaysFunction() function.Function  { return lastFunction{"days", 24 * time.Hour} }

func (f lastFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "last_" + f.name
}

func (f lastFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: fmt.Sprintf("The last n whole UTC %s before a time", f.name),
		MarkdownDescription: fmt.Sprintf("Returns `{ start_time, end_time }`: the `n` whole UTC %[1]s that end at or before `now`, in RFC 3339. "+
			"The time is an argument, so that the result is the same for the same input; `plantimestamp()` is the time of the plan.", f.name),
		Parameters: []function.Parameter{
			function.StringParameter{Name: "now", MarkdownDescription: "A time in RFC 3339 with an offset, such as `plantimestamp()`."},
			function.Int64Parameter{Name: "n", MarkdownDescription: fmt.Sprintf("Number of %s, from 1 to %d.", f.name, mostUnits)},
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
	now, problem := parseTime(0, text)
	if n < 1 || n > mostUnits {
		problem = function.ConcatFuncErrors(problem, function.NewArgumentFuncError(1, fmt.Sprintf("n is %d: give a whole number from 1 to %d.", n, mostUnits)))
	}
	if problem != nil {
		resp.Error = problem
		return
	}
	// Truncate counts from year 1, midnight UTC, so that days are UTC days.
	end := now.UTC().Truncate(f.unit)
	resp.Error = resp.Result.Set(ctx, windowOf(end.Add(-time.Duration(n)*f.unit), end))
}

// parseTime reads the argument at an index. Terraform hands plantimestamp() to
// validate and to the console as a time in year 1, which nobody means.
func parseTime(argument int64, text string) (time.Time, *function.FuncError) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, function.NewArgumentFuncError(argument,
			fmt.Sprintf("%q is not a time in RFC 3339 with an offset, such as \"2022-05-04T00:00:00Z\".", text))
	}
	if t.Year() <= 1 {
		return time.Time{}, function.NewArgumentFuncError(argument,
			"the time is in year 1: plantimestamp() has no value yet where nothing is planned, as in \"terraform validate\" or a console. "+
				"Use \"terraform plan\", or give a time such as \"2022-05-04T00:00:00Z\".")
	}
	return t, nil
}
