package teo_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// The documented sample responses are read unchanged. Their counts are smaller than
// the number of their rows, and the service returns the same for every page.
func TestDocumentedSamplesAreReadUnchanged(t *testing.T) {
	t.Parallel()
	at := func(text string) teo.Time {
		instant, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return teo.Time{Time: instant.UTC()}
	}
	for name, test := range map[string]struct {
		version, answer, next string
		layer                 teo.Layer
		want                  []teo.Package
		keys                  []string
	}{
		"DownloadL7Logs of 2022-01-06": {
			version: teo.Version20220106, layer: teo.L7,
			answer: `{"Response": {"PageSize": 0, "PageNo": 0, "TotalSize": 0, "RequestId": "xx", "Pages": 0,
				"Data": [{"Url": "xx", "Domain": "xx", "LogPacketName": "xx", "LogTime": 0, "Size": 0}]}}`,
			want: []teo.Package{{Domain: "xx", Name: "xx", URL: "xx", LogTime: new(int64(0)), Size: new(int64(0)), RequestID: "xx"}},
			keys: []string{"xx/unknown/xx"},
		},
		// One counted and two listed: an hour with an exclusive end, and a quarter
		// of an hour with an inclusive one.
		"DownloadL7Logs of 2022-09-01": {
			version: teo.Version20220901, layer: teo.L7,
			answer: `{"Response": {"TotalCount": 1, "RequestId": "a", "Data": [
				{"Domain": "test-add4.example.com", "Area": "mainland", "LogPacketName": "20220811-06-test-add4.example.com", "LogTime": 1660197600, "Size": 257,
					"Url": "https://log-down07-cn.edgeone.qcloud.com/2022081106-test.example.com.log.gz", "LogStartTime": "2022-08-11T06:00:00Z", "LogEndTime": "2022-08-11T07:00:00Z"},
				{"Domain": "test-add4.example.com", "Area": "overseas", "LogPacketName": "20220811-0700-test-add4.example.com", "LogTime": 1660197600, "Size": 300,
					"Url": "https://log-down07-cn.edgeone.qcloud.com/202208110700-test.example.com.log.gz", "LogStartTime": "2022-08-11T15:00:00+08:00", "LogEndTime": "2022-08-11T15:14:59+08:00"}]}}`,
			next: `{"Response": {"TotalCount": 1, "RequestId": "a", "Data": []}}`,
			want: []teo.Package{
				{
					Domain: "test-add4.example.com", Area: "mainland", Name: "20220811-06-test-add4.example.com", LogTime: new(int64(1660197600)), Size: new(int64(257)), RequestID: "a",
					URL: "https://log-down07-cn.edgeone.qcloud.com/2022081106-test.example.com.log.gz", Start: at("2022-08-11T06:00:00Z"), End: at("2022-08-11T07:00:00Z"),
				},
				{
					Domain: "test-add4.example.com", Area: "overseas", Name: "20220811-0700-test-add4.example.com", LogTime: new(int64(1660197600)), Size: new(int64(300)), RequestID: "a",
					URL: "https://log-down07-cn.edgeone.qcloud.com/202208110700-test.example.com.log.gz", Start: at("2022-08-11T07:00:00Z"), End: at("2022-08-11T07:14:59Z"),
				},
			},
			keys: []string{
				"test-add4.example.com/mainland/20220811-06-test-add4.example.com",
				"test-add4.example.com/overseas/20220811-0700-test-add4.example.com",
			},
		},
		"DownloadL4Logs of 2022-09-01": {
			version: teo.Version20220901, layer: teo.L4,
			answer: `{"Response": {"TotalCount": 0, "RequestId": "b", "Data": [
				{"ProxyId": "sid-xs82kshs", "Area": "mainland", "LogPacketName": "20230725-2300-sid-xs82kshs", "Size": 10, "LogTime": null,
					"Url": "https://log-down07-cn.edgeone.qcloud.com/20230725/23/1250000000/202307252300-sid-xs82kshs.log.gz", "LogStartTime": null}]}}`,
			next: `{"Response": {"TotalCount": 0, "RequestId": "b", "Data": []}}`,
			want: []teo.Package{{
				ProxyID: "sid-xs82kshs", Area: "mainland", Name: "20230725-2300-sid-xs82kshs", Size: new(int64(10)), RequestID: "b",
				URL:   "https://log-down07-cn.edgeone.qcloud.com/20230725/23/1250000000/202307252300-sid-xs82kshs.log.gz",
				Start: at("2023-07-25T23:00:00Z"), End: at("2023-07-25T23:15:00Z"),
			}},
			keys: []string{"sid-xs82kshs/mainland/20230725-2300-sid-xs82kshs"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.ReplaceAll(test.answer, "\n", " ")
			if test.next != "" {
				text += "\n" + test.next
			}
			client, _ := replayed(text, test.version)
			read, q := client.L7Logs, everything(0)
			if test.version == teo.Version20220901 {
				q = everythingByID(0)
			}
			if test.layer == teo.L4 {
				read = client.L4Logs
				q.End = q.Start // as in the sample
			}
			l, err := read(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(l.Packages, test.want) {
				t.Errorf("got\n%+v, want\n%+v", l.Packages, test.want)
			}
			if l.TotalCount != int64(len(test.want)) {
				t.Errorf("the total is %d, want %d", l.TotalCount, len(test.want))
			}
			if keys := teo.Keys(l.Packages); !reflect.DeepEqual(keys, test.keys) {
				t.Errorf("the keys are %q, want %q", keys, test.keys)
			}
		})
	}
}

// A TotalCount below the number of rows does not make a list of 2022-09-01 short.
// Times of rows can be in another time zone.
func TestACountBelowTheRowsMakesNoListShort(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 9, 10, 11, 25, 45} {
		eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
			for _, missing := range []int{1, 5, 10, 100} {
				o := o
				o.Catalogue, o.Undercount, o.TimeZone = catalogue(rows), missing, time.FixedZone("", 8*60*60)
				sim := startSim(t, o)
				client := newClient(t, sim, teo.Options{})
				for range 2 { // the second list knows the page base
					checkExact(t, sim, list(t, client, all(10)))
				}
			}
		})
	}
}
