package logcoverage

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/coverage"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

var _ function.Function = (*chartFunction)(nil)

// chartFunction draws the rows of a comparison.
type chartFunction struct{}

func NewChartFunction() function.Function { return chartFunction{} }

func (f chartFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "coverage_chart"
}

func (f chartFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Draws a heat map of log coverage",
		MarkdownDescription: "Returns a heat map of the hours of each domain, with a legend and totals, as a string: for an output, a job summary, or a file. " +
			"`svg` and `html` are self-contained and printable, describe each hour in a tooltip, and are readable without colour vision. " +
			"Each of them has a size of about 0.2 MB per domain and month. With many domains, draw only those with missing hours. Mark an output that contains one as sensitive, so that Terraform does not print it.",
		Parameters: []function.Parameter{
			function.DynamicParameter{
				Name: "hosts",
				MarkdownDescription: "`hosts` of data `teo_l7_log_coverage` or `teo_l4_log_coverage`, or a part of it. Each element is an object with `host` and `days`; `requests` is optional. " +
					"Other attributes are ignored. A `host` without a dot is the ID of a layer-4 proxy, and its `requests` are shown as bytes.",
			},
			function.StringParameter{Name: "format", MarkdownDescription: "`text`, `markdown`, `svg` or `html`."},
		},
		Return: function.StringReturn{},
	}
}

func (f chartFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var hosts types.Dynamic
	var format string
	if resp.Error = req.Arguments.Get(ctx, &hosts, &format); resp.Error != nil {
		return
	}
	if _, err := coverage.Chart(nil, format); err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error()+".")
		return
	}
	rows, problem := chartRows(hosts.UnderlyingValue())
	if problem != "" {
		resp.Error = function.NewArgumentFuncError(0, problem)
		return
	}
	text, err := coverage.Chart(rows, format)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error()+".")
		return
	}
	resp.Error = resp.Result.Set(ctx, text)
}

// chartRows reads a list, set or tuple of objects. problem is empty if it is valid.
func chartRows(value attr.Value) (rows []coverage.ChartRow, problem string) {
	const want = "Pass hosts of data \"teo_l7_log_coverage\" or \"teo_l4_log_coverage\"."
	if value == nil || value.IsNull() {
		return nil, "the rows are null. " + want
	}
	if value.IsUnknown() {
		return nil, "the rows are unknown. " + want
	}
	elements, ok := elementsOf(value)
	if !ok {
		return nil, "the rows are not a list of objects. " + want
	}
	rows = make([]coverage.ChartRow, 0, len(elements))
	for i, element := range elements {
		row, problem := chartRow(element)
		if problem != "" {
			return nil, fmt.Sprintf("row %d %s. %s", i+1, problem, want)
		}
		rows = append(rows, row)
	}
	return rows, ""
}

func elementsOf(value attr.Value) ([]attr.Value, bool) {
	switch v := value.(type) {
	case basetypes.ListValue:
		return v.Elements(), true
	case basetypes.TupleValue:
		return v.Elements(), true
	case basetypes.SetValue:
		return v.Elements(), true
	}
	return nil, false
}

func chartRow(value attr.Value) (row coverage.ChartRow, problem string) {
	attributes, ok := objectAttributes(value)
	if !ok {
		return row, "is not an object"
	}
	name, ok := attributes["host"].(basetypes.StringValue)
	if !ok || name.IsNull() || name.IsUnknown() {
		return row, "has no host"
	}
	row.Name = printable.Text(name.ValueString(), printable.Name)
	if number, ok := attributes["requests"].(basetypes.NumberValue); ok && !number.IsNull() && !number.IsUnknown() {
		count, accuracy := number.ValueBigFloat().Int64()
		if accuracy != big.Exact {
			return row, "has requests that are not a whole number"
		}
		row.Count = &count
	}
	days, ok := objectAttributes(attributes["days"])
	if !ok {
		return row, "has no days"
	}
	row.Days = make(map[string]string, len(days))
	for date, value := range days {
		letters, ok := value.(basetypes.StringValue)
		if !ok || letters.IsNull() || letters.IsUnknown() {
			return row, fmt.Sprintf("has a value for %s in days that is not a string", printable.Text(date, printable.Name))
		}
		row.Days[date] = letters.ValueString()
	}
	return row, ""
}

// objectAttributes returns the elements of an object or a map.
func objectAttributes(value attr.Value) (map[string]attr.Value, bool) {
	switch v := value.(type) {
	case basetypes.ObjectValue:
		return v.Attributes(), !v.IsNull() && !v.IsUnknown()
	case basetypes.MapValue:
		return v.Elements(), !v.IsNull() && !v.IsUnknown()
	case basetypes.DynamicValue:
		return objectAttributes(v.UnderlyingValue())
	}
	return nil, false
}
