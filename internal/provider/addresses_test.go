package provider_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// A package URL that points at the metadata service is not requested, and the apply
// says why the package is missing.
func TestPackagesAreNotDownloadedFromLocalAddresses(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: providertest.SmallAccount()})
	sim.Inject(teosim.Fault{Name: teosim.SetField, Action: "DownloadL7Logs", Value: `Data.Url="http://169.254.169.254/latest/meta-data/"`})
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim, "max_retries = 0")+fmt.Sprintf(
		"resource \"teo_l7_log_archive\" \"a\" {\n  destination = %q%s  zone_ids = [\"zone-1\"]\n}\n", "file://"+filepath.ToSlash(t.TempDir()), providertest.SmallWindow))
	stdout, stderr, _ := w.Run("apply", "-auto-approve", "-input=false")
	said := providertest.Collapsed(strings.ReplaceAll(stdout+stderr, "│", ""))
	if !strings.Contains(said, "points at 169.254.169.254, which is a loopback, link-local, multicast or metadata address") {
		t.Error(said)
	}
}
