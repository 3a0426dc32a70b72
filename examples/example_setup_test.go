package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// specialCase is what [TestEveryExampleApplies] cannot derive from an example.
type specialCase struct {
	// env is added to the environment in which the provider finds the simulator.
	env func(*testing.T) []string
	// override replaces arguments that lead elsewhere than to the simulator.
	override func(*testing.T) string
	// elsewhere says which test applies the example, if it needs what is not here.
	// It is only validated then.
	elsewhere string
	// warning is in the only warning of the apply; empty if there is none.
	warning string
	// emptyOutputs says that an empty output is right.
	emptyOutputs bool
	outputs      func(t *testing.T, outputs map[string]any)
}

// special are the special cases by folder.
func special() map[string]specialCase {
	return map[string]specialCase{
		"provider": {
			override: archiveOverride("teo_l7_log_archive", "logs"),
		},
		"provider/profile":        {env: profile},
		"provider/two-accounts":   {env: profile},
		"provider/github-actions": {env: tokenFile},
		"provider/static-credentials": {env: func(*testing.T) []string {
			return []string{"TF_VAR_secret_id=" + teosim.DefaultSecretID, "TF_VAR_secret_key=" + teosim.DefaultSecretKey}
		}},
		"provider/saml":     {env: func(*testing.T) []string { return []string{"TF_VAR_saml_assertion=PHNhbWw+"} }},
		"provider/mfa":      {env: func(*testing.T) []string { return []string{"TF_VAR_token_code=123456"} }},
		"provider/cvm-role": {elsewhere: "internal/provider: only a CVM has a metadata service"},
		"provider/tke-pod":  {env: pod},

		"resources/teo_l7_log_archive": {
			override: archiveOverride("teo_l7_log_archive", "logs"),
			outputs: func(t *testing.T, outputs map[string]any) {
				t.Helper()
				archived, _ := outputs["archived"].(map[string]any)
				packages, _ := archived["packages"].(float64)
				pending, _ := archived["pending"].(float64)
				if packages+pending != 504.0 || pending < 72.0 || archived["bytes"] == 0.0 {
					t.Errorf("archived is %v", archived)
				}
			},
		},
		"resources/teo_l7_log_archive/file": {override: archiveOverride("teo_l7_log_archive", "may"), outputs: has("complete", true)},
		"resources/teo_l7_log_archive/s3":   {override: archiveOverride("teo_l7_log_archive", "logs")},
		"resources/teo_l7_log_archive/accept": {
			override: archiveOverride("teo_l7_log_archive", "logs"),
			outputs:  has("lost", 0.0), emptyOutputs: true,
		},
		"exercise": {elsewhere: "TestTheExerciseWorksAsItIsWritten"},
		"resources/teo_l4_log_archive": {
			override: archiveOverride("teo_l4_log_archive", "may"),
			outputs:  has("archived", map[string]any{"packages": 144.0, "complete": true}),
		},
		"resources/teo_l4_log_archive/file": {override: archiveOverride("teo_l4_log_archive", "may"), outputs: has("complete", true)},
		"resources/teo_l4_log_archive/s3":   {override: archiveOverride("teo_l4_log_archive", "logs")},
		"resources/teo_l4_log_archive/accept": {
			override: archiveOverride("teo_l4_log_archive", "may"),
			outputs:  has("lost", 0.0), emptyOutputs: true,
		},
		"data-sources/teo_log_archive_verification": {env: existingArchive},
		"patterns/archive-verification":             {env: existingArchive},
		"compliance": {
			env: func(t *testing.T) []string {
				t.Helper()
				return archiveIn(t.TempDir())
			},
		},

		"evidence":       {env: evidenceIn},
		"evidence/audit": {env: signedArchive},

		"demo": {env: zoneOfTheDemo},

		"patterns/scheduled-export": {outputs: lines("jsonl", 84)},
		"patterns/completeness": {outputs: has("gaps", map[string]any{
			"www.example.com": []any{}, "api.example.com": []any{},
		})},
		"patterns/for-each-package": {outputs: func(t *testing.T, outputs map[string]any) {
			t.Helper()
			keys, _ := outputs["keys"].([]any)
			if len(keys) != 11 || keys[0] != "api.example.com/mainland/20260504-00-api.example.com" {
				t.Errorf("keys is %v", keys)
			}
		}},
		"patterns/coverage-report": {env: func(t *testing.T) []string {
			t.Helper()
			_, env := simulator(t)
			return []string{"TF_VAR_archive=" + archiveOfMay(t, env)}
		}},
		"patterns/retention": {
			env: func(t *testing.T) []string {
				t.Helper()
				return append(archiveIn(t.TempDir()), "TF_VAR_expire_after_days=180")
			},
		},
		"patterns/sharding": {outputs: has("packages", 252.0)},
		"patterns/terraform-test": {env: func(*testing.T) []string {
			return []string{"TF_VAR_start_time=2026-05-04T00:00:00Z", "TF_VAR_end_time=2026-05-04T01:00:00Z"}
		}},
	}
}

func has(name string, want any) func(*testing.T, map[string]any) {
	return func(t *testing.T, outputs map[string]any) {
		t.Helper()
		if !reflect.DeepEqual(outputs[name], want) {
			t.Errorf("%s is %v, want %v", name, outputs[name], want)
		}
	}
}

func lines(name string, want int) func(*testing.T, map[string]any) {
	return func(t *testing.T, outputs map[string]any) {
		t.Helper()
		text, _ := outputs[name].(string)
		if got := strings.Count(text, "\n"); got != want {
			t.Errorf("%s has %d lines, want %d", name, got, want)
		}
	}
}

// profile writes profiles of tccli and removes the credentials from the
// environment.
func profile(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	text := `{"secretId": "` + teosim.DefaultSecretID + `", "secretKey": "` + teosim.DefaultSecretKey + `"}`
	for _, name := range []string{"production", "staging"} {
		if err := os.WriteFile(filepath.Join(dir, name+".credential"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"TF_VAR_profiles=" + dir, "TENCENTCLOUD_SECRET_ID=", "TENCENTCLOUD_SECRET_KEY="}
}

// tokenFile writes a token as the workflow does, and removes the credentials from
// the environment.
func tokenFile(t *testing.T) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOmEvYiJ9.c2ln\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"TF_VAR_token_file=" + file, "TENCENTCLOUD_SECRET_ID=", "TENCENTCLOUD_SECRET_KEY="}
}

// pod sets the variables of a TKE pod, and removes the credentials from the
// environment.
func pod(t *testing.T) []string {
	t.Helper()
	env := tokenFile(t)
	_, file, _ := strings.Cut(env[0], "=")
	return append(env[1:], "TKE_REGION=ap-guangzhou", "TKE_PROVIDER_ID=tke", "TKE_WEB_IDENTITY_TOKEN_FILE="+file,
		"TKE_ROLE_ARN=qcs::cam::uin/100000000001:roleName/edgeone-logs")
}

// zoneOfTheDemo keeps the list short.
func zoneOfTheDemo(*testing.T) []string { return []string{`TF_VAR_zones=["example.org"]`} }

// archiveOverride lets an example archive to a folder.
func archiveOverride(kind, name string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		return archiveBlock(kind, name, t.TempDir())
	}
}

func archiveBlock(kind, name, dir string) string {
	return fmt.Sprintf("resource %q %q {\n  destination = \"file://%s\"\n}\n", kind, name, filepath.ToSlash(dir))
}

// archiveIn sets the variables of examples/compliance: a folder, and a first
// day before the oldest recent packages.
func archiveIn(dir string) []string {
	return []string{
		"ARCHIVE=" + dir,
		"TF_VAR_destination=file://" + filepath.ToSlash(dir) + "?create_dir=true",
		"TF_VAR_first_day=" + time.Now().UTC().Add(-96*time.Hour).Format(time.DateOnly),
	}
}

// existingArchive makes an archive for the examples that verify one.
func existingArchive(t *testing.T) []string {
	t.Helper()
	_, env := simulator(t)
	variables := archiveIn(t.TempDir())
	b := newBox(t, "compliance", append(env, variables...)...)
	b.init()
	b.apply()
	return variables[:2]
}

// evidenceIn sets the variables of examples/evidence: a folder, a key, and a
// time-stamp authority.
func evidenceIn(t *testing.T) []string {
	t.Helper()
	authority := simtest.StartAuthority(t)
	key := simtest.OpenSSL(t, "genpkey", "-algorithm", "ed25519")
	return append(archiveIn(t.TempDir()), "TF_VAR_timestamp_url="+authority.URL, "AUTHORITY_CA="+authority.CAFile(), "SIGNING_KEY="+string(key))
}

// signedArchive makes a signed archive for the example that verifies one.
func signedArchive(t *testing.T) []string {
	t.Helper()
	_, env := simulator(t)
	variables := evidenceIn(t)
	b := newBox(t, "evidence", append(env, variables...)...)
	b.init()
	b.apply()
	key, _ := b.outputs()["public_key"].(string)
	return append(variables[1:2:2], "TF_VAR_public_key="+key)
}
