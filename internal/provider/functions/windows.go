package functions

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

var _ function.Function = (*windowsFunction)(nil)

// maxWindows bounds the result of windows.
const maxWindows = 10_000

// windowsFunction splits a time range.
type windowsFunction struct{}

func NewWindows() function.Function { return windowsFunction{} }

func (f windowsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "windows"
}

func (f windowsFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Splits a time range into windows",
		MarkdownDescription: fmt.Sprintf("Returns a list of `{ start_time, end_time }` that covers the time from `start_time` to `end_time` without gaps. Each window is `step` long; the last one can be shorter. Times are RFC 3339 in UTC and whole seconds. "+
			"Use it with `for_each`, to read a long time range as several lists. The result has at most %d windows.", maxWindows),
		Parameters: []function.Parameter{
			function.StringParameter{Name: "start_time", MarkdownDescription: "Start in RFC 3339 with an offset."},
			function.StringParameter{Name: "end_time", MarkdownDescription: "End in RFC 3339 with an offset, after the start."},
			function.StringParameter{Name: "step", MarkdownDescription: "Length of a window, such as `1h`, `24h` or `90m`; whole seconds."},
		},
		Return: function.ListReturn{ElementType: types.ObjectType{AttrTypes: windowTypes}},
	}
}

func (f windowsFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var from, to, length string
	if resp.Error = req.Arguments.Get(ctx, &from, &to, &length); resp.Error != nil {
		return
	}
	start, problem := timeArgument(0, from)
	end, endProblem := timeArgument(1, to)
	step, err := time.ParseDuration(length)
	var stepProblem *function.FuncError
	switch {
	case err != nil:
		stepProblem = function.NewArgumentFuncError(2, fmt.Sprintf("%q is not a duration. Use hours, minutes and seconds, such as \"1h\", \"90m\" or \"24h\" for a day.", length))
	case step < time.Second || step%time.Second != 0:
		stepProblem = function.NewArgumentFuncError(2, fmt.Sprintf("step is %q, but must be a positive whole number of seconds.", length))
	}
	if problem = function.ConcatFuncErrors(problem, endProblem, stepProblem); problem != nil {
		resp.Error = problem
		return
	}
	if !end.After(start) {
		resp.Error = function.NewArgumentFuncError(1, fmt.Sprintf("end_time (%s) must be after start_time (%s).", to, from))
		return
	}
	// In seconds, because a Duration has at most 292 years.
	start, end = teo.RoundWindow(start, end)
	first, last, each := start.Unix(), end.Unix(), int64(step/time.Second)
	if count := (last-first-1)/each + 1; count > maxWindows {
		resp.Error = function.NewArgumentFuncError(2, fmt.Sprintf("a step of %s makes %d windows, but the maximum is %d. Use a longer step or a shorter time range.", length, count, maxWindows))
		return
	}
	var windows []windowObject
	for at := first; at < last; at += each {
		windows = append(windows, newWindowObject(time.Unix(at, 0), time.Unix(min(at+each, last), 0)))
	}
	resp.Error = resp.Result.Set(ctx, windows)
}
