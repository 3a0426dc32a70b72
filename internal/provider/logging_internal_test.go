package provider

import (
	"bytes"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// The pages of a list are at DEBUG, with the numbers in the text.
func TestPagesAreLogged(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]teo.Progress{
		"DownloadL7Logs (2022-09-01): read 300 of 1200 entries": {Action: "DownloadL7Logs", Version: "2022-09-01", Read: 300, Total: 1200},
		"DownloadL7Logs (2022-01-06): read 300 entries":         {Action: "DownloadL7Logs", Version: "2022-01-06", Read: 300, Total: -1},
	} {
		var out bytes.Buffer
		logProgress(tflogtest.RootLogger(t.Context(), &out), p)
		entries, err := tflogtest.MultilineJSONDecode(&out)
		if err != nil || len(entries) != 1 || entries[0]["@level"] != "debug" || entries[0]["@message"] != want {
			t.Errorf("got %v, %v, want %q", entries, err, want)
		}
	}
}
