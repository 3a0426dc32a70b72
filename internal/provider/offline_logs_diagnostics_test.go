package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// From so many sensitive URLs on, Terraform itself gets slow; the inventories
// have none. A list of that length would take a real Terraform half a minute.
func TestWarningOfManySensitiveURLs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		family   family
		packages int
		want     string
	}{
		"L7":           {l7Family, manySensitive + 1, `data "teo_l7_offline_log_inventory"`},
		"L4":           {l4Family, manySensitive + 1, `data "teo_l4_offline_log_inventory"`},
		"as many":      {l7Family, manySensitive, ""},
		"no URL there": {l7Family.withoutURLs(), 5 * manySensitive, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diags := test.family.warnings(time.Now(), teo.Query{}, &teo.Listing{Packages: make([]teo.Package, test.packages)})
			if test.want == "" {
				if len(diags) != 0 {
					t.Fatalf("warned: %v", diags)
				}
				return
			}
			if len(diags) != 1 || diags[0].Summary() != "Many sensitive URLs" || !strings.Contains(diags[0].Detail(), test.want) {
				t.Errorf("said %v, want the warning to name %s", diags, test.want)
			}
		})
	}
}
