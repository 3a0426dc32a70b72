package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ function.Function = (*windowsFunction)(nil)

// mostWindows bounds what windows returns.
const mostWindows = 10_000

// windowsFunction divides a long time.
type windowsFunction struct{}

func newWindowsFunction() function.Function { return windowsFunction{} }

func (f windowsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "windows"
}

func (f windowsFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Divides a long time into windows",
		MarkdownDescription: fmt.Sprintf("Returns a list of `{ start_time, end_time }` that follow each other from `start_time` to `end_time` without gaps, each `step` long, the last one maybe shorter; in RFC 3339, UTC, whole seconds. "+
			"For `for_each`, so that a long time is read in several lists. At most %d windows.", mostWindows),
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
	start, problem := parseTime(0, from)
	end, endProblem := parseTime(1, to)
	step, err := time.ParseDuration(length)
	var stepProblem *function.FuncError
	switch {
	case err != nil:
		stepProblem = function.NewArgumentFuncError(2, fmt.Sprintf("%q is not a length of time such as \"1h\", \"24h\" or \"90m\" (a day is \"24h\").", length))
	case step < time.Second || step%time.Second != 0:
		stepProblem = function.NewArgumentFuncError(2, fmt.Sprintf("the step %q must be above zero and in whole seconds.", length))
	}
	if problem = function.ConcatFuncErrors(problem, endProblem, stepProblem); problem != nil {
		resp.Error = problem
		return
	}
	if !end.After(start) {
		resp.Error = function.NewArgumentFuncError(1, fmt.Sprintf("end_time (%s) must be after start_time (%s).", to, from))
		return
	}
	// In seconds, for a Duration ends at 292 years. Windows are whole seconds:
	// fractions widen the first and the last one.
	first, last, each := start.Unix(), end.Add(time.Second-time.Nanosecond).Unix(), int64(step/time.Second)
	if count := (last-first-1)/each + 1; count > mostWindows {
		resp.Error = function.NewArgumentFuncError(2, fmt.Sprintf("a step of %s makes %d windows, and %d are allowed: give a longer step or a shorter time.", length, count, mostWindows))
		return
	}
	var windows []windowObject
	for at := first; at < last; at += each {
		windows = append(windows, windowOf(time.Unix(at, 0), time.Unix(min(at+each, last), 0)))
	}
	resp.Error = resp.Result.Set(ctx, windows)
}
