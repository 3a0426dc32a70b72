package provider_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Two configurations of the provider in one module share nothing: credentials,
// endpoint, version, and facts about the service. This runs the
// built provider, because terraform-plugin-testing serves all configurations from
// one process with the last one.
func TestAliasesHaveTheirOwnConfiguration(t *testing.T) {
	t.Parallel()
	old := simtest.Start(t, teosim.Options{SecretID: "AKIDold", SecretKey: "oldSecretKey", Catalogue: providertest.SmallAccount()})
	gone := simtest.Start(t, teosim.Options{SecretID: "AKIDnew", SecretKey: "newSecretKey", Token: "newToken", Gone: "ActionOffline"})
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(old)+`
provider "teo" {
  alias          = "other"
  secret_id      = "AKIDnew"
  secret_key     = "newSecretKey"
  security_token = "newToken"
  endpoint       = "`+gone.URL()+`"
}

data "teo_l7_offline_logs" "old" {`+providertest.SmallWindow+`
  page_size = 2
}

data "teo_l7_offline_logs" "new" {`+providertest.SmallWindow+`
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
	w.Apply()
	stdout, stderr, err := w.Run("output", "-json", "read")
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
		t.Errorf("one configuration switched to 2022-09-01, and %d requests of the other followed", n)
	}
}

// Two configurations with two profiles read two accounts, although the environment
// has credentials too, which the log mentions.
func TestAliasesReadTheAccountsOfTheirProfiles(t *testing.T) {
	t.Parallel()
	first := simtest.Start(t, teosim.Options{SecretID: "AKIDfirst", SecretKey: "firstSecretKey"})
	second := simtest.Start(t, teosim.Options{SecretID: "AKIDsecond", SecretKey: "secondSecretKey"})
	w := providertest.NewWorkspace(t, `
provider "teo" {
  profile  = "first"
  endpoint = "`+first.URL()+`"
}

provider "teo" {
  alias    = "second"
  profile  = "second"
  endpoint = "`+second.URL()+`"
}

data "teo_zones" "first" {}

data "teo_zones" "second" {
  provider = teo.second
}
`)
	home := homeWith(t, map[string]any{
		"first":  map[string]string{"secretId": "AKIDfirst", "secretKey": "firstSecretKey"},
		"second": map[string]string{"secretId": "AKIDsecond", "secretKey": "secondSecretKey"},
	})
	log := filepath.Join(w.Dir, "log")
	w.Env = append(w.Env, "HOME="+home, "USERPROFILE="+home, "TENCENTCLOUD_SECRET_ID=AKIDother", "TENCENTCLOUD_SECRET_KEY=otherSecretKey",
		"TF_LOG_PROVIDER=INFO", "TF_LOG_PATH="+log)
	w.Apply()
	for sim, id := range map[*teosim.Sim]string{first: "AKIDfirst", second: "AKIDsecond"} {
		requests := sim.Requests()
		if len(requests) == 0 {
			t.Errorf("%s read nothing", id)
		}
		for _, r := range requests {
			if r.SecretID != id || r.Code != "" {
				t.Errorf("%s signed with %s was answered %q by the service of %s", r.Action, r.SecretID, r.Code, id)
			}
		}
	}
	logged := w.File("log")
	for _, line := range []string{
		`credentials found: .*credential_source="profile 'first' in ~/.tccli"`, `credentials found: .*credential_source="profile 'second' in ~/.tccli"`,
		`environment variables not used: .*variables=.*TENCENTCLOUD_SECRET_ID.*TENCENTCLOUD_SECRET_KEY`,
	} {
		if !regexp.MustCompile(line).MatchString(logged) {
			t.Errorf("no line of the log matches %q:\n%s", line, logged)
		}
	}
}
