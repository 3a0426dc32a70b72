package tcapi_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

func TestIntegersAreReadInEveryNotation(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]any{
		"1500": int64(1500), "1500.0": int64(1500), "1.5e3": int64(1500), "1.50E+3": int64(1500), "15000e-1": int64(1500),
		`"1500"`: int64(1500), `"1500.0"`: int64(1500), "0": int64(0), "-0.0": int64(0), "0e999999999": int64(0), "-7.0": int64(-7),
		"0.0015e6": int64(1500), "9007199254740993.0": int64(9007199254740993), "9223372036854775807": int64(9223372036854775807),
		"-9223372036854775808.0": int64(-9223372036854775808), "null": nil, `5,"Size":null`: nil,

		"2.5": false, "0.1": false, "1e-1": false, "9223372036854775808": false, "1e20": false, "1e999999999": false, "1e99999999999999999999": false,
		"4503599627370497.5": false, `""`: false, `"a"`: false, `"+1"`: false, `"+1.0"`: false, `"1e"`: false, `"e5"`: false, `"1_000"`: false, `".5"`: false, `"0x10"`: false, `"1 "`: false, `"NaN"`: false,
		"true": false, "{}": false, "[1]": false, "1" + strings.Repeat("0", 1<<20): false,
	} {
		var got struct{ Size tcapi.Integer }
		err := json.Unmarshal([]byte(`{"Size":`+in+`}`), &got)
		switch want := want.(type) {
		case int64:
			if err != nil || got.Size != (tcapi.Integer{Value: want, Valid: true}) {
				t.Errorf("%s is %+v, %v, want %d", in, got.Size, err, want)
			}
		case nil:
			if err != nil || got.Size.Valid {
				t.Errorf("%s is %+v, %v", in, got.Size, err)
			}
		default:
			if err == nil || got.Size.Valid {
				t.Errorf("%.40s is %+v, want an error", in, got.Size)
			}
		}
	}
}

// A number has the value that exact arithmetic gives it, or none.
func FuzzInteger(f *testing.F) {
	for _, s := range []string{"1500.0", "15e2", "-0.5e1", "9223372036854775807.0", "1e18", "100e-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 40 || !json.Valid([]byte(s)) || strings.ContainsAny(s, `"{[tfn `+"\t\r\n") {
			return
		}
		exact, ok := new(big.Rat).SetString(s)
		if i := strings.IndexAny(s, "eE"); !ok || i >= 0 && len(s)-i > 5 {
			return
		}
		var got tcapi.Integer
		err := json.Unmarshal([]byte(s), &got)
		if fits := exact.IsInt() && exact.Num().IsInt64(); fits != (err == nil) || fits && exact.Num().Int64() != got.Value {
			t.Errorf("%s is %+v, %v, want %s", s, got, err, exact)
		}
	})
}

// An error names the field, has the request ID, and does not blame the network.
func TestAFieldOfAnotherTypeIsNamed(t *testing.T) {
	t.Parallel()
	type counted struct {
		tcapi.Head

		Data []struct {
			Domain string
			Size   tcapi.Integer
		}
		TotalCount tcapi.Integer
	}
	nines := strings.Repeat("9", 2000) // of which an error has a hundred bytes
	for in, message := range map[string]string{
		`"TotalCount":2.5,"Data":[]`:        "the field TotalCount is 2.5, which is not a whole number",
		`"Data":[{"Size":1},{"Size":"1k"}]`: `the field Data.Size is "1k", which is not a whole number`,
		`"TotalCount":"` + nines + `"`:      `the field TotalCount is "` + nines[:99] + `, which is not a whole number`,
		`"Data":[{"Domain":5}]`:             "the field Data.Domain has the wrong type (number)",
		`"Data":{}`:                         "the field Data has the wrong type (object)",
		`"Error":true`:                      "the field Error has the wrong type (bool)",
	} {
		client, seen := over(replies(`{"Response":{` + in + `,"RequestId":"r-1"}}`))
		_, err := tcapi.Call[counted](t.Context(), client, zones, struct{}{})
		failure := failed(t, err)
		if failure.Message != "the response could not be decoded: "+message || failure.RequestID != "r-1" || failure.Class != tcapi.Fatal || len(seen.all()) != 1 {
			t.Errorf("%s: %+v", in, failure)
		}
		if advice := failure.Advice(); !strings.Contains(advice, "Report an issue") || strings.Contains(advice, "proxy") {
			t.Errorf("%s: %s", in, advice)
		}
	}
}
