package offlinelogs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// One resource for each package by its key, and the URL of that key in a
// provisioner: from the data source, and from the ephemeral resource with no
// signed URL in the state. The second plan is empty. This runs the built provider,
// because terraform-plugin-testing does not support for_each.
func TestForEachOverTheKeysPlansNothingTwice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config string
		urls   string
		signed bool // whether the state has signed URLs
	}{
		"data source": {urls: "data.teo_l7_offline_logs.test.urls", signed: true},
		"ephemeral resource": {
			config: "  include_urls = false\n}\nephemeral \"teo_l7_offline_logs\" \"test\" {" + providertest.SmallWindow,
			urls:   "ephemeral.teo_l7_offline_logs.test.urls",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{Catalogue: providertest.SmallAccount()})
			w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+`
data "teo_l7_offline_logs" "test" {`+providertest.SmallWindow+test.config+`}

resource "terraform_data" "package" {
  for_each         = { for l in data.teo_l7_offline_logs.test.logs : l.key => l }
  triggers_replace = each.value.size

  provisioner "local-exec" {
    command     = "printf '%s' \"$URL\" > \"$FILE\""
    environment = { FILE = replace(each.key, "/", "_"), URL = `+test.urls+`[each.key] }
  }
}
`)
			w.Apply()
			for _, key := range smallKeys {
				host, _, _ := strings.Cut(key, "/")
				url, err := os.ReadFile(filepath.Join(w.Dir, strings.ReplaceAll(key, "/", "_")))
				if err != nil || !strings.Contains(string(url), "-"+host+"-") || !strings.Contains(string(url), "?sign=") {
					t.Errorf("the URL of %s is %q (%v)", key, url, err)
				}
			}
			if signed := strings.Contains(w.File("terraform.tfstate"), "?sign="); signed != test.signed {
				t.Errorf("there are signed URLs in the state: %t, want %t", signed, test.signed)
			}
			if stdout, stderr, err := w.Run("plan", "-input=false", "-detailed-exitcode"); err != nil {
				t.Errorf("the second plan: %v\n%s\n%s", err, stdout, stderr)
			}
		})
	}
}
