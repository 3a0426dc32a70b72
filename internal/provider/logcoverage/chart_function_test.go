package logcoverage_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
)

// chart calls coverage_chart with rows of any type.
func chart(w *providertest.Wire, rows tftypes.Value, format string) (string, *tfprotov6.FunctionError) {
	w.T.Helper()
	encoded, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, rows)
	w.Must(err)
	second, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, format))
	w.Must(err)
	answer, err := w.Server.CallFunction(w.T.Context(), &tfprotov6.CallFunctionRequest{Name: "coverage_chart", Arguments: []*tfprotov6.DynamicValue{&encoded, &second}})
	w.Must(err)
	if answer.Error != nil {
		return "", answer.Error
	}
	result, err := answer.Result.Unmarshal(tftypes.String)
	w.Must(err)
	return providertest.Plain(w.T, result).(string), nil
}

var (
	daysType  = tftypes.Map{ElementType: tftypes.String}
	chartType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"host": tftypes.String, "requests": tftypes.Number, "days": daysType}}
	fullDay   = strings.Repeat("#", 24)
)

func chartObject(host, requests, days any) tftypes.Value {
	if text, ok := days.(string); ok {
		days = map[string]tftypes.Value{"2022-05-04": tftypes.NewValue(tftypes.String, text)}
	}
	return tftypes.NewValue(chartType, map[string]tftypes.Value{
		"host": tftypes.NewValue(tftypes.String, host), "requests": tftypes.NewValue(tftypes.Number, requests), "days": tftypes.NewValue(daysType, days),
	})
}

func chartList(rows ...tftypes.Value) tftypes.Value {
	return tftypes.NewValue(tftypes.List{ElementType: chartType}, rows)
}

// Lists and tuples, of either layer, with and without counts.
func TestAChartIsDrawnFromListsAndTuples(t *testing.T) {
	t.Parallel()
	w := providertest.Dial(t, provider.Options{})
	days := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"2022-05-04": tftypes.String}}
	proxy := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"host": tftypes.String, "requests": tftypes.Number, "days": days}}
	literal := tftypes.NewValue(tftypes.Tuple{ElementTypes: []tftypes.Type{proxy}}, []tftypes.Value{tftypes.NewValue(proxy, map[string]tftypes.Value{
		"host": tftypes.NewValue(tftypes.String, "sid-1"), "requests": tftypes.NewValue(tftypes.Number, 1234),
		"days": tftypes.NewValue(days, map[string]tftypes.Value{"2022-05-04": tftypes.NewValue(tftypes.String, fullDay)}),
	})})
	for _, test := range []struct {
		rows   tftypes.Value
		format string
		want   []string
	}{
		{chartList(chartObject("www.example.com", 12345, fullDay)), "text", []string{"www.example.com: 12,345 requests\n", "  2022-05-04  ###### ###### ###### ######\n"}},
		{chartList(chartObject("www.example.com", nil, fullDay)), "text", []string{"\nwww.example.com\n"}},
		{chartList(chartObject("www.example.com", 1, fullDay)), "markdown", []string{"| www.example.com | 1 | 24 | 0 |"}},
		{chartList(chartObject("www.example.com", 1, fullDay)), "svg", []string{"<svg xmlns", "www.example.com, 2022-05-04 00:00 to 01:00 UTC: covered"}},
		{chartList(chartObject("www.example.com", 1, fullDay)), "html", []string{"<!DOCTYPE html>", "</html>"}},
		{literal, "text", []string{"sid-1: 1,234 bytes\n"}},
		{chartList(), "text", []string{"There is nothing to compare."}},
		{tftypes.NewValue(tftypes.Tuple{ElementTypes: []tftypes.Type{}}, []tftypes.Value{}), "html", []string{"There is nothing to compare."}},
	} {
		got, problem := chart(w, test.rows, test.format)
		if problem != nil {
			t.Errorf("%s: %s", test.rows, problem.Text)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: without %q:\n%.500s", test.format, want, got)
			}
		}
	}
}

func TestAnInvalidChartIsAnErrorOnItsArgument(t *testing.T) {
	t.Parallel()
	w := providertest.Dial(t, provider.Options{})
	good := chartList(chartObject("a", 1, fullDay))
	for name, test := range map[string]struct {
		rows     tftypes.Value
		format   string
		argument int64
		want     string
	}{
		"null":                 {tftypes.NewValue(tftypes.List{ElementType: chartType}, nil), "text", 0, "the rows are null"},
		"null without a type":  {tftypes.NewValue(tftypes.DynamicPseudoType, nil), "text", 0, "null"},
		"unknown":              {tftypes.NewValue(tftypes.List{ElementType: chartType}, tftypes.UnknownValue), "text", 0, "are unknown"},
		"a string":             {tftypes.NewValue(tftypes.String, "domains"), "text", 0, "not a list of objects"},
		"one object":           {chartObject("a", 1, fullDay), "text", 0, "not a list of objects"},
		"a list of strings":    {tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, []tftypes.Value{tftypes.NewValue(tftypes.String, "a")}), "text", 0, "row 1 is not an object"},
		"a null object":        {chartList(tftypes.NewValue(chartType, nil)), "text", 0, "row 1 is not an object"},
		"no host":              {chartList(chartObject(nil, 1, fullDay)), "text", 0, "row 1 has no host"},
		"an unknown host":      {chartList(chartObject(tftypes.UnknownValue, 1, fullDay)), "text", 0, "row 1 has no host"},
		"a part of a request":  {chartList(chartObject("a", 1.5, fullDay)), "text", 0, "row 1 has requests that are not a whole number"},
		"no days":              {chartList(chartObject("a", 1, nil)), "text", 0, "row 1 has no days"},
		"a short day":          {chartList(chartObject("a", 1, "##")), "text", 0, "row 1 (a): 2022-05-04 has 2 characters"},
		"an unknown format":    {good, "pdf", 1, `"pdf" is not a format; valid formats are text, markdown, svg, html.`},
		"a format in capitals": {good, "HTML", 1, `"HTML" is not a format`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problem := chart(w, test.rows, test.format)
			if problem == nil || !strings.Contains(problem.Text, test.want) || problem.FunctionArgument == nil || *problem.FunctionArgument != test.argument {
				t.Errorf("%+v, want %q on argument %d", problem, test.want, test.argument)
			}
		})
	}
}

// Null, an unknown value and a format, passed by a real Terraform.
func TestTerraformPassesNullAndUnknownToTheChart(t *testing.T) {
	t.Parallel()
	call := func(arguments string) string {
		return "resource \"terraform_data\" \"late\" {\n  input = \"www.example.com\"\n}\n\n" +
			"output \"chart\" {\n  value = provider::teo::coverage_chart(" + arguments + ")\n}\n"
	}
	day := "{ \"2022-05-04\" = \"" + fullDay + "\" }"
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{Config: call(`null, "text"`), ExpectError: providertest.Says("Invalid value for \"hosts\" parameter", "null")},
			{Config: call(`[], null`), ExpectError: providertest.Says("Invalid value for \"format\" parameter", "null")},
			{Config: call(`[], "pdf"`), ExpectError: providertest.Says("Invalid value for \"format\" parameter", `"pdf" is not a format`)},
			{Config: call(`["www.example.com"], "text"`), ExpectError: providertest.Says("Invalid value for \"hosts\" parameter", "row 1 is not an object")},
			// Unknown while planning, and known when applied.
			{Config: call(`[{ host = terraform_data.late.output, days = ` + day + ` }], "text"`), Check: resource.TestCheckOutput("chart",
				"Log coverage, 2022-05-04 (UTC)\n\nwww.example.com\n              00     06     12     18\n  2022-05-04  ###### ###### ###### ######\n\nNo log package is missing.\n\n"+
					"  #  24  covered      traffic and a log package\n  !   0  missing      traffic, but no log package\n  .   0  quiet        no traffic and no log package\n"+
					"  ~   0  pending      too recent to judge\n  +   0  uncounted    a log package, but no counted traffic\n  ?   0  unverified   analytics could not answer\n")},
		},
	})
}
