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
func TestAVerificationReturnsProblemsAsData(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	sequence, head := e.Head()
	expect := func(attribute string, value knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.teo_log_archive_verification.test", tfjsonpath.New(attribute), value)
	}
	bag := func(day string) (string, knownvalue.Check) {
		folder := e.bag(day)
		return e.key(folder), knownvalue.ObjectExact(map[string]knownvalue.Check{
			"day": knownvalue.StringExact(day), "package_count": knownvalue.Int64Exact(3), "total_bytes": knownvalue.NotNull(), "retained_until": knownvalue.Null(),
			"tagmanifest_sha256": knownvalue.StringExact(hashOf(readFile(t, filepath.Join(folder, "tagmanifest-sha256.txt")))),
		})
	}
	first, firstBag := bag("2022-05-01")
	second, secondBag := bag("2022-05-02")
	key := e.key(e.payload("2022-05-02"))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: verificationBlock(fileURL(e.dir), fmt.Sprintf("expected_head = %q", head)),
				ConfigStateChecks: []statecheck.StateCheck{
					expect("valid", knownvalue.Bool(true)),
					expect("problems", knownvalue.ListSizeExact(0)),
					expect("problem_count", knownvalue.Int64Exact(0)),
					expect("head", knownvalue.ObjectExact(map[string]knownvalue.Check{"sequence": knownvalue.Int64Exact(sequence), "sha256": knownvalue.StringExact(head), "written_at": knownvalue.NotNull()})),
					expect("layer", knownvalue.StringExact("l7")),
					expect("package_count", knownvalue.Int64Exact(6)),
					expect("lost_count", knownvalue.Int64Exact(0)),
					expect("erased_count", knownvalue.Int64Exact(0)),
					expect("expired_count", knownvalue.Int64Exact(0)),
					expect("uncommitted_count", knownvalue.Int64Exact(0)),
					expect("changes", knownvalue.ListSizeExact(0)),
					expect("bags", knownvalue.MapExact(map[string]knownvalue.Check{first: firstBag, second: secondBag})),
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

func TestAVerificationListsWhatChangedAfterANotedHead(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	_, head := e.Head()
	e.Write(e.config("2022-05-04"))
	e.Apply()
	w := providertest.NewWorkspace(t, verificationBlock(fileURL(e.dir), fmt.Sprintf("expected_head = %q", head))+
		"output \"kinds\" {\n  value = join(\" \", [for c in data.teo_log_archive_verification.test.changes : \"${c.kind}@${coalesce(c.day, \"-\")}\"])\n}\n")
	w.Apply()
	out, _, err := w.Run("output", "-raw", "kinds")
	if err != nil || !strings.Contains(out, "scope@-") || !strings.Contains(out, "bags@2022-05-03") || !strings.Contains(out, "sealed_through@2022-05-03") || strings.Contains(out, "2022-05-01") {
		t.Errorf("%v: %s", err, out)
	}
}

// A check block warns and does not fail; a postcondition fails.
func TestAVerificationWorksInConditions(t *testing.T) {
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
