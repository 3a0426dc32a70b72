package functions_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
)

// call calls a function of a provider that is not configured, because functions
// depend on their arguments only.
func call(w *providertest.Wire, name string, values ...any) (any, *tfprotov6.FunctionError) {
	w.T.Helper()
	definition := w.Schema.Functions[name]
	request := &tfprotov6.CallFunctionRequest{Name: name}
	for i, value := range values {
		encoded, err := tfprotov6.NewDynamicValue(definition.Parameters[i].Type, tftypes.NewValue(definition.Parameters[i].Type, value))
		w.Must(err)
		request.Arguments = append(request.Arguments, &encoded)
	}
	answer, err := w.Server.CallFunction(w.T.Context(), request)
	w.Must(err)
	if answer.Error != nil {
		return nil, answer.Error
	}
	result, err := answer.Result.Unmarshal(definition.Return.Type)
	w.Must(err)
	return providertest.Plain(w.T, result), nil
}

func window(start, end string) map[string]any {
	return map[string]any{"start_time": start, "end_time": end}
}

func TestFunctionsReturnTheirResults(t *testing.T) {
	t.Parallel()
	w := providertest.Dial(t, provider.Options{})
	packet := func(start, end string, minutes int64, name string) map[string]any {
		return map[string]any{"start_time": start, "end_time": end, "slot_minutes": minutes, "name": name}
	}
	for _, test := range []struct {
		function string
		values   []any
		want     any
	}{
		{"parse_log_packet_name", []any{"20220811-02-test-add4.example.com"}, packet("2022-08-11T02:00:00Z", "2022-08-11T03:00:00Z", 60, "test-add4.example.com")},
		{"parse_log_packet_name", []any{"20230725-2345-www.example.com.log.gz"}, packet("2023-07-25T23:45:00Z", "2023-07-26T00:00:00Z", 15, "www.example.com")},
		{"parse_log_packet_name", []any{"20220504-03-sid-2demo0000001"}, packet("2022-05-04T03:00:00Z", "2022-05-04T04:00:00Z", 60, "sid-2demo0000001")},

		{"last_hours", []any{"2022-05-04T12:34:56Z", 3}, window("2022-05-04T09:00:00Z", "2022-05-04T12:00:00Z")},
		{"last_hours", []any{"2022-05-04T12:00:00Z", 1}, window("2022-05-04T11:00:00Z", "2022-05-04T12:00:00Z")},
		{"last_hours", []any{"2022-05-04T00:15:00+05:30", 2}, window("2022-05-03T16:00:00Z", "2022-05-03T18:00:00Z")},
		{"last_hours", []any{"2022-05-04T12:00:00Z", 10000}, window("2021-03-13T20:00:00Z", "2022-05-04T12:00:00Z")},
		{"last_days", []any{"2022-05-04T12:34:56Z", 1}, window("2022-05-03T00:00:00Z", "2022-05-04T00:00:00Z")},
		{"last_days", []any{"2022-05-04T00:00:00Z", 2}, window("2022-05-02T00:00:00Z", "2022-05-04T00:00:00Z")},
		{"last_days", []any{"2022-05-04T02:00:00+08:00", 7}, window("2022-04-26T00:00:00Z", "2022-05-03T00:00:00Z")},

		{"windows", []any{"2022-05-04T00:00:00Z", "2022-05-04T02:00:00Z", "1h"}, []any{
			window("2022-05-04T00:00:00Z", "2022-05-04T01:00:00Z"), window("2022-05-04T01:00:00Z", "2022-05-04T02:00:00Z"),
		}},
		{"windows", []any{"2022-05-04T08:00:00+08:00", "2022-05-04T02:00:00Z", "90m"}, []any{
			window("2022-05-04T00:00:00Z", "2022-05-04T01:30:00Z"), window("2022-05-04T01:30:00Z", "2022-05-04T02:00:00Z"),
		}},
		{"windows", []any{"2022-05-04T00:00:00.5Z", "2022-05-04T01:00:00.9Z", "1h"}, []any{
			window("2022-05-04T00:00:00Z", "2022-05-04T01:00:00Z"), window("2022-05-04T01:00:00Z", "2022-05-04T01:00:01Z"),
		}},
		{"windows", []any{"2022-05-04T00:00:00Z", "2022-05-04T00:00:01Z", "24h"}, []any{window("2022-05-04T00:00:00Z", "2022-05-04T00:00:01Z")}},
	} {
		t.Run(fmt.Sprint(test.function, test.values), func(t *testing.T) {
			t.Parallel()
			got, problem := call(w, test.function, test.values...)
			if problem != nil {
				t.Fatal(problem.Text)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if again, _ := call(w, test.function, test.values...); !reflect.DeepEqual(again, got) {
				t.Errorf("a second call gives %v", again)
			}
		})
	}
	// As many windows as are allowed.
	if got, problem := call(w, "windows", "2022-05-04T00:00:00Z", "2022-05-04T02:46:40Z", "1s"); problem != nil || len(got.([]any)) != 10000 {
		t.Errorf("10,000 windows: %v", problem)
	}
}

// An invalid argument is an error on that argument.
func TestAnInvalidArgumentIsAnErrorOnThatArgument(t *testing.T) {
	t.Parallel()
	w := providertest.Dial(t, provider.Options{})
	const from, to = "2022-05-04T00:00:00Z", "2022-05-05T00:00:00Z"
	for _, test := range []struct {
		function string
		values   []any
		argument int64
		says     []string
	}{
		{"parse_log_packet_name", []any{"www.example.com.log.gz"}, 0, []string{`"www.example.com.log.gz" is not the name of a log package`, "YYYYMMDD-HH-name"}},
		{"parse_log_packet_name", []any{"20220811-025-www.example.com"}, 0, []string{"neither two digits"}},
		{"parse_log_packet_name", []any{"20221311-02-www.example.com"}, 0, []string{"not a time in UTC"}},
		{"parse_log_packet_name", []any{"20220811-0207-www.example.com"}, 0, []string{"minute 7"}},
		{"parse_log_packet_name", []any{""}, 0, []string{"not the name"}},
		{"last_hours", []any{"2022-05-04", 1}, 0, []string{`"2022-05-04" is a date without a time`}},
		{"last_hours", []any{"2022-05-04T00:00:00", 1}, 0, []string{"has no time zone"}},
		{"last_hours", []any{from, 0}, 1, []string{"n is 0", "from 1 to 10000"}},
		{"last_hours", []any{from, 10001}, 1, []string{"n is 10001"}},
		{"last_days", []any{from, -1}, 1, []string{"n is -1"}},
		{"last_hours", []any{"0001-01-01T00:00:00Z", 1}, 0, []string{"year 1", "plantimestamp() has no value during", `"terraform plan"`}},
		{"last_days", []any{"0001-01-01T00:00:00Z", 1}, 0, []string{"year 1"}},
		{"windows", []any{"0001-01-01T00:00:00Z", to, "1h"}, 0, []string{"year 1"}},
		{"windows", []any{"1700-01-01T00:00:00Z", "2022-01-01T00:00:00Z", "24h"}, 2, []string{"117608 windows", "10000"}},
		{"windows", []any{"0100-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "1s"}, 2, []string{"windows", "10000"}},
		{"windows", []any{from, "0001-01-01T00:00:00Z", "1h"}, 1, []string{"year 1"}},
		{"windows", []any{"then", to, "1h"}, 0, []string{`"then"`}},
		{"windows", []any{from, "now", "1h"}, 1, []string{`"now"`}},
		{"windows", []any{from, from, "1h"}, 1, []string{"end_time", "must be after start_time"}},
		{"windows", []any{to, from, "1h"}, 1, []string{"must be after"}},
		{"windows", []any{from, to, "1d"}, 2, []string{`"1d" is not a duration`, `"24h" for a day`}},
		{"windows", []any{from, to, "0s"}, 2, []string{"positive"}},
		{"windows", []any{from, to, "-1h"}, 2, []string{"positive"}},
		{"windows", []any{from, to, "1500ms"}, 2, []string{"whole number of seconds"}},
		{"windows", []any{from, to, "1s"}, 2, []string{"86400 windows", "the maximum is 10000", "longer step"}},
		{"windows", []any{"2022-05-04T00:00:00Z", "2022-05-04T02:46:41Z", "1s"}, 2, []string{"10001 windows"}},
	} {
		t.Run(fmt.Sprint(test.function, test.values), func(t *testing.T) {
			t.Parallel()
			_, problem := call(w, test.function, test.values...)
			if problem == nil {
				t.Fatal("no error")
			}
			if problem.FunctionArgument == nil || *problem.FunctionArgument != test.argument {
				t.Errorf("the error is on argument %v, want %d", problem.FunctionArgument, test.argument)
			}
			for _, want := range test.says {
				if !strings.Contains(problem.Text, want) {
					t.Errorf("it does not contain %q: %s", want, problem.Text)
				}
			}
		})
	}
}

// All functions through a real Terraform, without a provider block, and without
// a service.
func TestFunctionsNeedNoProviderBlock(t *testing.T) {
	t.Parallel()
	text := knownvalue.StringExact
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: `
output "name" {
  value = provider::teo::parse_log_packet_name("20220504-0315-img.example.org")
}

output "hours" {
  value = provider::teo::last_hours("2022-05-04T12:34:56Z", 3)
}

output "days" {
  value = provider::teo::last_days("2022-05-04T12:34:56Z", 1)
}

output "windows" {
  value = [for w in provider::teo::windows("2022-05-04T00:00:00Z", "2022-05-05T00:00:00Z", "6h") : w.start_time]
}

`,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownOutputValue("name", knownvalue.ObjectExact(map[string]knownvalue.Check{
						"start_time": text("2022-05-04T03:15:00Z"), "end_time": text("2022-05-04T03:30:00Z"), "slot_minutes": providertest.Number(15), "name": text("img.example.org"),
					})),
					statecheck.ExpectKnownOutputValue("hours", knownvalue.ObjectExact(map[string]knownvalue.Check{
						"start_time": text("2022-05-04T09:00:00Z"), "end_time": text("2022-05-04T12:00:00Z"),
					})),
					statecheck.ExpectKnownOutputValue("days", knownvalue.ObjectExact(map[string]knownvalue.Check{
						"start_time": text("2022-05-03T00:00:00Z"), "end_time": text("2022-05-04T00:00:00Z"),
					})),
					statecheck.ExpectKnownOutputValue("windows", knownvalue.ListExact([]knownvalue.Check{
						text("2022-05-04T00:00:00Z"), text("2022-05-04T06:00:00Z"), text("2022-05-04T12:00:00Z"), text("2022-05-04T18:00:00Z"),
					})),
				},
			},
			{
				Config:      "output \"bad\" {\n  value = provider::teo::windows(\"2022-05-04T00:00:00Z\", \"2022-05-05T00:00:00Z\", \"0s\")\n}\n",
				ExpectError: providertest.Says("Invalid value for \"step\" parameter", "positive"),
			},
		},
	})
}
