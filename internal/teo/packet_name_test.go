package teo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

func TestAPacketNameHasTheStartAndTheLength(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, start, rest string
		minutes           int
	}{
		{"20220811-02-test-add4.example.com", "2022-08-11T02:00:00Z", "test-add4.example.com", 60},
		{"20230725-2300-www.example.com", "2023-07-25T23:00:00Z", "www.example.com", 15},
		{"20230725-2315-www.example.com", "2023-07-25T23:15:00Z", "www.example.com", 15},
		{"20231231-2345-sid-2demo0000001", "2023-12-31T23:45:00Z", "sid-2demo0000001", 15},
		{"20240229-00-www.example.com.log.gz", "2024-02-29T00:00:00Z", "www.example.com", 60},
		{"20240229-00-www.example.com.gz", "2024-02-29T00:00:00Z", "www.example.com", 60},
		{"20240229-00-12-34-example.com", "2024-02-29T00:00:00Z", "12-34-example.com", 60},
		{"20240229-00-*.example.com", "2024-02-29T00:00:00Z", "*.example.com", 60},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			slot, err := teo.ParsePacketName(test.name)
			if err != nil {
				t.Fatal(err)
			}
			start, _ := time.Parse(time.RFC3339, test.start)
			if !slot.Start.Equal(start) || slot.Name != test.rest || slot.Minutes() != test.minutes ||
				!slot.End.Equal(start.Add(time.Duration(test.minutes)*time.Minute)) || slot.Start.Location() != time.UTC {
				t.Errorf("got %+v of %d minutes", slot, slot.Minutes())
			}
		})
	}
}

func TestAnInvalidPacketNameIsAnError(t *testing.T) {
	t.Parallel()
	const form = "is not of the form"
	for name, want := range map[string]string{
		"":                              form,
		"www.example.com":               form,
		"20220811":                      form,
		"20220811-02":                   form,
		"20220811-02-":                  form,
		"20220811-02-.log.gz":           form,
		"20220811-2-www.example.com":    "neither two digits",
		"20220811-020-www.example.com":  "neither two digits",
		"20220811--www.example.com":     "neither two digits",
		"20220811-24-www.example.com":   "is not a time",
		"20220230-02-www.example.com":   "is not a time",
		"20220811-2360-www.example.com": "is not a time",
		"2022081-02-www.example.com":    "is not a time",
		"20220811-ab-www.example.com":   "is not a time",
		"20220811-+2-www.example.com":   "is not a time",
		"20220811-2301-www.example.com": "does not start at minute 1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slot, err := teo.ParsePacketName(name)
			if err == nil || !strings.Contains(err.Error(), want) || slot != (teo.Slot{}) {
				t.Errorf("got %+v and %v, want an error that has %q", slot, err, want)
			}
		})
	}
}

// A parsed name can be rebuilt, and its slot is a complete one in UTC.
func FuzzParsePacketName(f *testing.F) {
	for _, name := range []string{"20220811-02-test-add4.example.com", "20230725-2345-www.example.com.log.gz", "", "--", "20220811-0260-x"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		slot, err := teo.ParsePacketName(name)
		if err != nil {
			return
		}
		layout, minutes := "20060102-15-", 60
		if slot.Minutes() != minutes {
			layout, minutes = "20060102-1504-", 15
		}
		if slot.Minutes() != minutes || slot.Start.Minute()%minutes != 0 || slot.Start.Second() != 0 || slot.Name == "" {
			t.Errorf("%q is %+v", name, slot)
		}
		again := slot.Start.Format(layout) + slot.Name
		if trimmed := strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".log"); again != trimmed {
			t.Errorf("%q makes %q again", trimmed, again)
		}
	})
}
