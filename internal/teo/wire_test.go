package teo_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// A number of a row is read in every notation. What is not a whole number is missing
// from that row alone, and counted.
func TestNumbersOfRowsAreReadInEveryNotation(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]*int64{
		"1500": new(int64(1500)), "1500.0": new(int64(1500)), `"1500"`: new(int64(1500)), "1.5e3": new(int64(1500)), "0": new(int64(0)),
		"null": nil, "2.5": nil, `"1.5 kB"`: nil, "1e20": nil, "true": nil, "{}": nil, "[]": nil,
	} {
		for version, count := range map[string]string{teo.Version20220106: "TotalSize", teo.Version20220901: "TotalCount"} {
			client, _ := replayed(fmt.Sprintf(`{"Response":{"Data":[{"Domain":"a.example","LogPacketName":"20220504-02-a.example","Size":%s,"LogTime":%[1]s},`+
				`{"Domain":"a.example","LogPacketName":"20220504-03-a.example","Size":7}],%q:2.0,"RequestId":"r-1"}}`, number, count), version)
			q := everything(0)
			if version == teo.Version20220901 {
				q = everythingByID(0)
			}
			l, err := client.L7Logs(t.Context(), q)
			if err != nil {
				t.Fatalf("%s: %v", number, err)
			}
			unreadable, bytes := 0, int64(7)
			if want == nil && number != "null" {
				unreadable = 1
			}
			if want != nil {
				bytes += *want
			}
			if p := l.Packages[0]; len(l.Packages) != 2 || !reflect.DeepEqual(p.Size, want) || !reflect.DeepEqual(p.LogTime, want) || *l.Packages[1].Size != 7 {
				t.Errorf("%s: %+v", number, l.Packages)
			}
			if l.Unreadable != unreadable || l.TotalBytes != bytes || l.TotalCount != 2 {
				t.Errorf("%s: %d rows are unreadable, %d bytes, the total is %d", number, l.Unreadable, l.TotalBytes, l.TotalCount)
			}
		}
	}
}

// A row is unreadable if one of its numbers is.
func TestARowWithOneUnreadableNumberIsUnreadable(t *testing.T) {
	t.Parallel()
	for numbers, want := range map[string]int{`"Size":1,"LogTime":1`: 0, `"Size":"x","LogTime":1`: 1, `"Size":1,"LogTime":"x"`: 1, `"Size":"x","LogTime":"x"`: 1} {
		client, _ := replayed(`{"Response":{"Data":[{"Domain":"a.example","LogPacketName":"20220504-02-a.example",`+numbers+`}],"TotalSize":1,"RequestId":"r-1"}}`, teo.Version20220106)
		if l := list(t, client, everything(0)); l.Unreadable != want {
			t.Errorf("%s: %d rows are unreadable, want %d", numbers, l.Unreadable, want)
		}
	}
}

// The counts that a list is checked against are read in every notation as well. One
// that is not a whole number is an error that names it.
func TestNumbersOfListsAreReadInEveryNotation(t *testing.T) {
	t.Parallel()
	right := map[string]string{"TotalSize": "25", "Pages": "3", "PageSize": "10", "TotalCount": "25"}
	for field := range right {
		version, q := teo.Version20220106, everything(10)
		if field == "TotalCount" {
			version, q = teo.Version20220901, everythingByID(10)
		}
		for value, fails := range map[string]bool{"25.0": false, `"25"`: false, "2.5": true, `"many"`: true} {
			value = strings.ReplaceAll(value, "25", right[field])
			sim := startSim(t, teosim.Options{Catalogue: catalogue(25)})
			sim.Inject(teosim.Fault{Name: teosim.SetField, Value: field + "=" + value})
			l, err := newClient(t, sim, teo.Options{APIVersion: version}).L7Logs(t.Context(), q)
			if !fails {
				if err != nil || len(l.Packages) != 25 || l.TotalCount != 25 {
					t.Errorf("%s %s: %v", field, value, err)
				}
				continue
			}
			failure := tcapi.AsError(err)
			if want := fmt.Sprintf("the field %s is %s, which is not a whole number", field, value); failure == nil || !strings.HasSuffix(failure.Message, want) || failure.RequestID == "" {
				t.Errorf("%s %s: %v", field, value, err)
			}
		}
	}
	for _, action := range []string{"DescribeZones", "DescribeL4Proxy"} {
		for value, fails := range map[string]bool{"1.0": false, `"1"`: false, "1.5": true} {
			sim := startSim(t, teosim.Options{Catalogue: visited(map[string][]int{"sid-1": {0}})})
			sim.Inject(teosim.Fault{Name: teosim.SetField, Action: action, Value: "TotalCount=" + value})
			client := newClient(t, sim, teo.Options{})
			_, err := client.Zones(t.Context(), nil, nil)
			if action == "DescribeL4Proxy" {
				_, err = client.L4Proxies(t.Context(), "zone-1")
			}
			if (err != nil) != fails || fails && !strings.Contains(err.Error(), "the field TotalCount is 1.5") {
				t.Errorf("%s %s: %v", action, value, err)
			}
		}
	}
}

// A count of the analytics is read in every notation. Null is an unknown count, and
// what is not a whole number is an error.
func TestNumbersOfTheAnalyticsAreReadInEveryNotation(t *testing.T) {
	t.Parallel()
	account := visited(map[string][]int{"www.example.com": {0, 1}})
	for _, test := range []struct {
		action, field, value string
		want                 []int64
		err                  string
	}{
		{timingL7, "Data.TypeValue.Detail.Value", "10.0", []int64{10, 10, 10}, ""},
		{timingL7, "Data.TypeValue.Detail.Value", `"10"`, []int64{10, 10, 10}, ""},
		{timingL7, "Data.TypeValue.Detail.Value", "null", []int64{teo.Unknown, teo.Unknown, teo.Unknown}, ""},
		{timingL7, "Data.TypeValue.Detail.Value", "0.5", nil, "the field Data.TypeValue.Detail.Value is 0.5, which is not a whole number"},
		{timingL7, "Data.TypeValue.Detail.Timestamp", "1.5", nil, "the field Data.TypeValue.Detail.Timestamp is 1.5, which is not a whole number"},
		{topL7, "Data.DetailData.Value", `"20"`, []int64{10, 10, 0}, ""},
		{topL7, "Data.DetailData.Value", `"20k"`, nil, `the field Data.DetailData.Value is "20k", which is not a whole number`},
	} {
		sim := startSim(t, teosim.Options{Catalogue: account})
		sim.Inject(teosim.Fault{Name: teosim.SetField, Action: test.action, Value: test.field + "=" + test.value})
		traffic, err := newClient(t, sim, teo.Options{}).L7Traffic(t.Context(), "zone-1", windowStart, windowStart.Add(3*time.Hour))
		var counts map[string][]int64
		if err == nil {
			counts, err = traffic.Counts(t.Context(), []string{"www.example.com"})
		}
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s=%s: %v", test.field, test.value, err)
			}
			continue
		}
		if want := map[string][]int64{"www.example.com": test.want}; err != nil || !maps.EqualFunc(counts, want, func(a, b []int64) bool { return reflect.DeepEqual(a, b) }) {
			t.Errorf("%s=%s: %v, %v, want %v", test.field, test.value, counts, err, want)
		}
	}
}
