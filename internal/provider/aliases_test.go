package provider_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Two configurations of the provider in one module keep to themselves: keys,
// endpoint, version, and what they have learned of the service. This runs the
// built provider, for terraform-plugin-testing serves all configurations from
// one process, which takes the last one for all.
func TestAliases(t *testing.T) {
	t.Parallel()
	old := simtest.Start(t, teosim.Options{SecretID: "AKIDold", SecretKey: "oldSecretKey", Catalogue: smallAccount()})
	gone := simtest.Start(t, teosim.Options{SecretID: "AKIDnew", SecretKey: "newSecretKey", Token: "newToken", Gone: "ActionOffline"})
	w := newWorkspace(t, providerBlock(old)+`
provider "teo" {
  alias          = "other"
  secret_id      = "AKIDnew"
  secret_key     = "newSecretKey"
  security_token = "newToken"
  endpoint       = "`+gone.URL()+`"
}

data "teo_l7_offline_logs" "old" {`+smallWindow+`
  page_size = 2
}

data "teo_l7_offline_logs" "new" {`+smallWindow+`
  provider  = teo.other
  page_size = 2
}

data "teo_zones" "old" {}

data "teo_zones" "new" {
  provider = teo.other
}

output "read" {
  value = {
    versions = [data.teo_l7_offline_logs.old.api_version, data.teo_l7_offline_logs.new.api_version]
    packages = [data.teo_l7_offline_logs.old.total_count, data.teo_l7_offline_logs.new.total_count]
    zones    = [length(data.teo_zones.old.zones), length(data.teo_zones.new.zones)]
  }
}
`)
	w.apply()
	stdout, stderr, err := w.run("output", "-json", "read")
	if err != nil {
		t.Fatal(stderr)
	}
	var read struct {
		Versions        []string
		Packages, Zones []int
	}
	if err := json.Unmarshal([]byte(stdout), &read); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read.Versions, []string{"2022-01-06", "2022-09-01"}) || !reflect.DeepEqual(read.Packages, []int{5, 4}) || !reflect.DeepEqual(read.Zones, []int{2, 3}) {
		t.Errorf("read %+v", read)
	}
	for sim, id := range map[*teosim.Sim]string{old: "AKIDold", gone: "AKIDnew"} {
		for _, r := range sim.Requests() {
			if r.SecretID != id || (r.Code != "" && r.Code != "ActionOffline") {
				t.Errorf("%s signed with %s was answered %q by the service of %s", r.Action, r.SecretID, r.Code, id)
			}
		}
	}
	if n := old.Count("2022-09-01", "DownloadL7Logs"); n != 0 {
		t.Errorf("one configuration went over to 2022-09-01, and %d requests of the other followed", n)
	}
}
