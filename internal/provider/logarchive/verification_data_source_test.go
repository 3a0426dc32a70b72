package logarchive_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
)

func verificationBlock(destination string, lines ...string) string {
	return fmt.Sprintf("data \"teo_log_archive_verification\" \"test\" {\n  destination = %q\n  %s\n}\n", destination, strings.Join(lines, "\n  "))
}

// The provider is not configured here: no credentials are needed.
func TestLogArchiveVerification(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	sequence, head := e.Head()
	expect := func(attribute string, value knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.teo_log_archive_verification.test", tfjsonpath.New(attribute), value)
	}
	day := func(of string) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{
			"path": knownvalue.StringExact("dt=" + of + "/"), "package_count": knownvalue.Int64Exact(3), "total_bytes": knownvalue.NotNull(),
			"tagmanifest_sha256": knownvalue.StringExact(hashOf(readFile(t, filepath.Join(e.dir, "dt="+of, "tagmanifest-sha256.txt")))),
			"manifest_sha256":    knownvalue.StringExact(hashOf(readFile(t, filepath.Join(e.dir, "dt="+of, "manifest-sha256.txt")))),
		})
	}
	key := "dt=2022-05-02/" + strings.TrimPrefix(filepath.ToSlash(e.payload("2022-05-02")), filepath.ToSlash(e.dir)+"/dt=2022-05-02/")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: verificationBlock(fileURL(e.dir), fmt.Sprintf("expected_head = %q", head)),
				ConfigStateChecks: []statecheck.StateCheck{
					expect("valid", knownvalue.Bool(true)),
					expect("problems", knownvalue.ListSizeExact(0)),
					expect("problem_count", knownvalue.Int64Exact(0)),
					expect("head", knownvalue.ObjectExact(map[string]knownvalue.Check{"sequence": knownvalue.Int64Exact(sequence), "sha256": knownvalue.StringExact(head)})),
					expect("layer", knownvalue.StringExact("l7")),
					expect("package_count", knownvalue.Int64Exact(6)),
					expect("bags", knownvalue.MapExact(map[string]knownvalue.Check{"2022-05-01": day("2022-05-01"), "2022-05-02": day("2022-05-02")})),
				},
			},
			{
				PreConfig: func() { flip(t, e.payload("2022-05-02")) },
				Config:    verificationBlock(fileURL(e.dir)),
				ConfigStateChecks: []statecheck.StateCheck{
					expect("valid", knownvalue.Bool(false)),
					expect("problem_count", knownvalue.Int64Exact(1)),
					expect("problems", knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectExact(map[string]knownvalue.Check{
						"kind": knownvalue.StringExact("hash"), "day": knownvalue.StringExact("2022-05-02"), "path": knownvalue.StringExact(key), "detail": knownvalue.NotNull(),
					})})),
				},
			},
			{
				// A flipped bit is in the payload, which depth = "ledger" does not read.
				Config:            verificationBlock(fileURL(e.dir), `depth = "ledger"`),
				ConfigStateChecks: []statecheck.StateCheck{expect("valid", knownvalue.Bool(true))},
			},
			{
				Config: verificationBlock(fileURL(t.TempDir())),
				ConfigStateChecks: []statecheck.StateCheck{
					expect("valid", knownvalue.Bool(false)),
					expect("head", knownvalue.Null()),
					expect("layer", knownvalue.Null()),
					expect("problems", knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.ObjectPartial(map[string]knownvalue.Check{"kind": knownvalue.StringExact("no_ledger")})})),
				},
			},
			{Config: verificationBlock("file:///does/not/exist"), ExpectError: providertest.Says("Unable to use the destination")},
			{Config: verificationBlock(fileURL(e.dir), `depth = "all"`), ExpectError: providertest.Says(`"ledger"`, `"payload"`)},
			{Config: verificationBlock(fileURL(e.dir), `expected_head = "abc"`), ExpectError: providertest.Says("64 lower-case hex digits")},
			{Config: verificationBlock("cos://logs-1250000000?region=ap-guangzhou"), ExpectError: providertest.Says("credentials")},
		},
	})
}

// A check block warns and does not fail; a postcondition fails.
func TestLogArchiveVerificationInConditions(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	check := fmt.Sprintf("check \"archive\" {\n  data \"teo_log_archive_verification\" \"test\" {\n    destination = %q\n  }\n  assert {\n    condition     = data.teo_log_archive_verification.test.valid\n    error_message = \"not valid: ${jsonencode(data.teo_log_archive_verification.test.problems)}\"\n  }\n}\n", fileURL(e.dir))
	w := providertest.NewWorkspace(t, check)
	w.Apply()
	remove(t, e.payload("2022-05-01"))
	said, _ := w.Plan()
	if !strings.Contains(said, "Warning: Check block assertion failed") || !strings.Contains(said, `"kind":"missing"`) {
		t.Errorf("the check does not warn:\n%s", said)
	}
	w.Write(verificationBlock(fileURL(e.dir), "lifecycle {\n    postcondition {\n      condition     = self.valid\n      error_message = \"not valid\"\n    }\n  }"))
	if _, stderr, err := w.Run("plan", "-input=false"); err == nil || !strings.Contains(providertest.Collapsed(stderr), "not valid") {
		t.Errorf("the condition does not fail: %v\n%s", err, stderr)
	}
}
