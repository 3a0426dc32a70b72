package teo_test

import (
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// A list that is too long says both numbers, and unknown zones which names are similar.
func TestErrorsOfListsSayWhatToChange(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"the list has 11 entries, more than the 10 that are allowed":                      &teo.TooManyError{Total: 11, Most: 10},
		"the list has at least 11 entries, more than the 10 that are allowed":             &teo.TooManyError{Total: 11, Most: 10, AtLeast: true},
		"no zone of the account is named a.example, b.example":                            &teo.UnknownZonesError{Names: []string{"a.example", "b.example"}},
		"no zone of the account is named a.example; did you mean aa.example, ab.example?": &teo.UnknownZonesError{Names: []string{"a.example"}, Similar: []string{"aa.example", "ab.example"}},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
