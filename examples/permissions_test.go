package examples_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/examples"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

var (
	// usedType matches the type of a data source, resource or ephemeral resource.
	usedType = regexp.MustCompile(`(?m)^(?:data|resource|ephemeral) "(teo_\w+)"`)
	// permissionRow matches a row of the table in the guide to permissions.
	permissionRow = regexp.MustCompile("(?m)^\\| (.*`teo_.*) \\| (.*) \\|$")
	quotedType    = regexp.MustCompile("`(teo_\\w+)`")
	quotedAction  = regexp.MustCompile("`teo:(\\w+)`")
)

// documentedActions are the actions of each type in the guide to permissions.
func documentedActions(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "templates", "guides", "permissions.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	actions := map[string][]string{}
	for _, row := range permissionRow.FindAllStringSubmatch(string(text), -1) {
		for _, name := range quotedType.FindAllStringSubmatch(row[1], -1) {
			actions[name[1]] = nil
			for _, action := range quotedAction.FindAllStringSubmatch(row[2], -1) {
				actions[name[1]] = append(actions[name[1]], action[1])
			}
		}
	}
	return actions
}

// checkActions compares what an example asked of the simulator with the guide to
// permissions: each type in it needs a row and a request, and no other action
// may be called.
func checkActions(t *testing.T, sim *teosim.Sim, folder string) {
	t.Helper()
	documented, called := documentedActions(t), answered(sim)
	var allowed []string
	for _, match := range usedType.FindAllStringSubmatch(configurationOf(t, folder), -1) {
		name := match[1]
		actions, ok := documented[name]
		if !ok {
			t.Errorf("templates/guides/permissions.md.tmpl has no row for %s", name)
		}
		if len(actions) > 0 && !slices.ContainsFunc(actions, func(action string) bool { return slices.Contains(called, action) }) {
			t.Errorf("%s called none of %q, but %q", name, actions, called)
		}
		allowed = append(allowed, actions...)
	}
	for _, action := range called {
		if !slices.Contains(allowed, action) && !signIn(action) {
			t.Errorf("%s was called, which the guide to permissions does not have for this example", action)
		}
	}
}

// signIn is true of the actions of STS.
func signIn(action string) bool {
	return action == "GetCallerIdentity" || action == "GetSessionToken" || strings.HasPrefix(action, "AssumeRole")
}

// The policy to copy allows exactly the actions of the table.
func TestPolicyMatchesPermissions(t *testing.T) {
	t.Parallel()
	text, err := fs.ReadFile(examples.FS, "provider/policy.json")
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Statement []struct{ Action []string }
	}
	if err := json.Unmarshal(text, &policy); err != nil || len(policy.Statement) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	var want []string
	for _, actions := range documentedActions(t) {
		for _, action := range actions {
			if action = "teo:" + action; !slices.Contains(want, action) {
				want = append(want, action)
			}
		}
	}
	got := policy.Statement[0].Action
	slices.Sort(want)
	slices.Sort(got)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the policy allows %q, the guide to permissions has %q", got, want)
	}
}

// The policy of the bucket allows exactly the actions of the guides to destinations.
func TestBucketPolicyMatchesPermissions(t *testing.T) {
	t.Parallel()
	text, err := fs.ReadFile(examples.FS, "compliance/bucket-policy.json")
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Statement []struct{ Action []string }
	}
	if err := json.Unmarshal(text, &policy); err != nil || len(policy.Statement) != 2 {
		t.Fatalf("%v: %s", err, text)
	}
	var allowed []string
	for _, statement := range policy.Statement {
		for _, action := range statement.Action {
			allowed = append(allowed, strings.TrimPrefix(action, "name/cos:"))
		}
	}
	slices.Sort(allowed)
	action := regexp.MustCompile("`([A-Z]\\w+)`")
	for _, name := range []string{"archive-destinations", "archive-destinations_zh"} {
		guide, err := os.ReadFile(filepath.Join("..", "templates", "guides", name+".md.tmpl"))
		if err != nil {
			t.Fatal(err)
		}
		var documented []string
		for line := range strings.Lines(string(guide)) {
			cells := strings.Split(line, "|")
			if len(cells) != 5 || !action.MatchString(cells[2]) || strings.Contains(cells[2], "teo:") {
				continue
			}
			for _, found := range action.FindAllStringSubmatch(cells[2], -1) {
				documented = append(documented, found[1])
			}
		}
		slices.Sort(documented)
		if len(allowed) < 10 || !slices.Equal(allowed, documented) {
			t.Errorf("the policy allows %q, the guide %s has %q", allowed, name, documented)
		}
	}
}
