package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const (
	l7    = "DownloadL7Logs"
	l4    = "DownloadL4Logs"
	zones = "DescribeZones"
)

// expected are the expectations by folder.
func expected() map[string]expectation {
	return map[string]expectation{
		"data-sources/teo_l7_offline_logs": {
			asks: []string{l7}, moving: true,
			outputs: exactly(map[string]any{"packages": 48.0}),
		},
		"data-sources/teo_l4_offline_logs": {
			asks: []string{l4},
			outputs: func(t *testing.T, outputs map[string]any) {
				t.Helper()
				areas, _ := outputs["bytes_by_area"].(map[string]any)
				if len(areas) != 2 || areas["mainland"] == 0.0 {
					t.Errorf("bytes_by_area is %v", areas)
				}
			},
		},
		"data-sources/teo_l7_offline_log_inventory": {
			asks: []string{l7},
			outputs: func(t *testing.T, outputs map[string]any) {
				t.Helper()
				domains, _ := outputs["packages_by_domain"].(map[string]any)
				www, _ := domains["www.example.com"].(map[string]any)
				if len(domains) != 3 || www["packages"] != 48.0 {
					t.Errorf("packages_by_domain is %v", domains)
				}
			},
		},
		"data-sources/teo_l4_offline_log_inventory": {
			asks:    []string{l4},
			outputs: exactly(map[string]any{"proxies": []any{"sid-xs82kshs"}}),
		},
		"data-sources/teo_zones": {
			asks: []string{zones},
			outputs: func(t *testing.T, outputs map[string]any) {
				t.Helper()
				byID, _ := outputs["zones"].(map[string]any)
				want := map[string]any{"name": "example.com", "alias": "shop", "status": "active", "team": "shop"}
				if len(byID) != 3 || !reflect.DeepEqual(byID["zone-27q0p0bali16"], want) {
					t.Errorf("zones is %v", byID)
				}
			},
		},
		"ephemeral-resources/teo_l7_offline_logs": {ephemeral: true, asks: []string{l7}},
		"ephemeral-resources/teo_l4_offline_logs": {ephemeral: true, asks: []string{l4}},

		"functions/parse_log_packet_name": {outputs: exactly(map[string]any{"slot": map[string]any{
			"start_time": "2023-07-25T23:15:00Z", "end_time": "2023-07-25T23:30:00Z", "slot_minutes": 15.0, "name": "www.example.com",
		}})},
		"functions/last_hours": {moving: true, outputs: has("six_hours", map[string]any{
			"start_time": "2026-05-03T21:00:00Z", "end_time": "2026-05-04T03:00:00Z",
		})},
		"functions/last_days": {moving: true, outputs: has("yesterday", map[string]any{
			"start_time": "2026-05-03T00:00:00Z", "end_time": "2026-05-04T00:00:00Z",
		})},
		"functions/windows": {asks: []string{l7}, outputs: has("packages", map[string]any{
			"2026-05-04T00:00:00Z": 21.0, "2026-05-04T06:00:00Z": 21.0, "2026-05-04T12:00:00Z": 21.0, "2026-05-04T18:00:00Z": 21.0,
		})},

		"provider":                {asks: []string{zones}},
		"provider/profile":        {asks: []string{zones, "GetCallerIdentity"}, env: profile},
		"provider/assume-role":    {asks: []string{zones, "AssumeRole"}},
		"provider/github-actions": {asks: []string{zones, "AssumeRoleWithWebIdentity"}, env: tokenFile},

		"resources/teo_l7_log_archive": {
			asks:     []string{l7},
			moving:   true,
			override: archiveOverride("teo_l7_log_archive", "logs"),
			outputs: func(t *testing.T, outputs map[string]any) {
				t.Helper()
				archived, _ := outputs["archived"].(map[string]any)
				if packages, _ := archived["packages"].(float64); packages < 252 || archived["bytes"] == 0.0 {
					t.Errorf("archived is %v", archived)
				}
			},
		},
		"resources/teo_l4_log_archive": {
			asks:     []string{l4},
			override: archiveOverride("teo_l4_log_archive", "may"),
			outputs:  exactly(map[string]any{"archived": map[string]any{"packages": 144.0, "complete": true}}),
		},
		"data-sources/teo_log_archive_verification": {
			override: func(t *testing.T) string {
				t.Helper()
				return "" // set below
			},
		},
		"compliance": {asks: []string{l7, zones}, moving: true, env: func(t *testing.T) []string {
			t.Helper()
			return archiveIn(t.TempDir())
		}},

		"demo":        {asks: []string{l7}, env: zoneOfTheDemo},
		"quick-start": {asks: []string{l7}, moving: true, outputs: has("packages", 84.0)},

		"patterns/scheduled-export": {asks: []string{l7}, moving: true, outputs: lines("jsonl", 84)},
		"patterns/completeness": {asks: []string{l7}, outputs: exactly(map[string]any{"gaps": map[string]any{
			"www.example.com": []any{}, "api.example.com": []any{},
		}})},
		"patterns/for-each-package": {asks: []string{l7}, outputs: func(t *testing.T, outputs map[string]any) {
			t.Helper()
			keys, _ := outputs["keys"].([]any)
			if len(keys) != 11 || keys[0] != "api.example.com/mainland/20260504-00-api.example.com" {
				t.Errorf("keys is %v", keys)
			}
		}},
		"patterns/json-output":        {asks: []string{l7}},
		"patterns/ephemeral-download": {ephemeral: true, asks: []string{l7}},
		"patterns/sharding": {asks: []string{l7}, outputs: exactly(map[string]any{
			"packages_by_day": map[string]any{"2026-05-04": 84.0, "2026-05-05": 84.0, "2026-05-06": 84.0},
			"packages":        252.0,
		})},
		"patterns/terraform-test": {asks: []string{l7}, env: func(*testing.T) []string {
			return []string{"TF_VAR_start_time=2026-05-04T00:00:00Z", "TF_VAR_end_time=2026-05-04T01:00:00Z"}
		}},
	}
}

func exactly(want map[string]any) func(*testing.T, map[string]any) {
	return func(t *testing.T, outputs map[string]any) {
		t.Helper()
		if !reflect.DeepEqual(outputs, want) {
			t.Errorf("the outputs are %v, want %v", outputs, want)
		}
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

// profile makes a folder of tccli's with a profile, and takes the keys out of
// the environment.
func profile(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	text := `{"secretId": "` + teosim.DefaultSecretID + `", "secretKey": "` + teosim.DefaultSecretKey + `"}`
	if err := os.WriteFile(filepath.Join(dir, "production.credential"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"TF_VAR_profiles=" + dir, "TENCENTCLOUD_SECRET_ID=", "TENCENTCLOUD_SECRET_KEY="}
}

// tokenFile makes a file as the workflow does, and takes the keys out of the
// environment.
func tokenFile(t *testing.T) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOmEvYiJ9.c2ln\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"TF_VAR_token_file=" + file, "TENCENTCLOUD_SECRET_ID=", "TENCENTCLOUD_SECRET_KEY="}
}

// zoneOfTheDemo keeps the list short, for time's sake.
func zoneOfTheDemo(*testing.T) []string { return []string{`TF_VAR_zones=["example.org"]`} }

// archiveOverride puts the archive of the example into a folder.
func archiveOverride(dir string) string {
	return fmt.Sprintf("resource \"teo_l7_log_archive\" \"may\" {\n  destination = %q\n}\n", "file://"+filepath.ToSlash(dir))
}

// archiveIn sets the variables of examples/compliance: a folder, and the month
// of the oldest recent packages.
func archiveIn(dir string) []string {
	return []string{
		"ARCHIVE=" + dir,
		"TF_VAR_destination=file://" + filepath.ToSlash(dir) + "?create_dir=true",
		"TF_VAR_first_month=" + time.Now().UTC().Add(-72*time.Hour).Format("2006-01"),
	}
}
