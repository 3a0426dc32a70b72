package credential_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

const account = teosim.DefaultAccountID

// The account is asked for once, whoever is first, and before anything else is
// sent; nothing is sent for an account that may not be used.
func TestAccountFilters(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		allowed, forbidden []string
		attribute, words   string // of the refusal
	}{
		"allowed":         {allowed: []string{"1", " " + account + " "}},
		"not forbidden":   {forbidden: []string{"1"}},
		"not allowed":     {allowed: []string{"1", "2"}, attribute: "allowed_account_ids", words: "belong to account " + account + ", and allowed is only 1, 2"},
		"forbidden":       {forbidden: []string{"1", account}, attribute: "forbidden_account_ids", words: "belong to account " + account + ", which is forbidden"},
		"part of another": {allowed: []string{account + "1", account[1:]}, attribute: "allowed_account_ids", words: "The account is not allowed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{Rates: teosim.Unlimited()})
			o := w.asTerraform()
			o.AllowedAccountIDs, o.ForbiddenAccountIDs = test.allowed, test.forbidden
			source := w.source(o)
			var workers sync.WaitGroup
			for range 32 {
				workers.Go(func() {
					err := w.list(source)
					if test.attribute == "" && err != nil {
						t.Error(err)
					}
					if test.attribute == "" {
						return
					}
					failure, ok := errors.AsType[*credential.SourceError](err)
					if !ok || failure.Attribute != test.attribute || !strings.Contains(err.Error(), test.words) {
						t.Errorf("%v, want %q", err, test.words)
					}
				})
			}
			workers.Wait()
			requests := w.sim.Requests()
			if requests[0].Action != "GetCallerIdentity" || w.sim.Count(stsVersion, "GetCallerIdentity") != 1 {
				t.Errorf("%d times GetCallerIdentity, and first %s", w.sim.Count(stsVersion, "GetCallerIdentity"), requests[0].Action)
			}
			want := 32
			if test.attribute != "" {
				want = 0
			}
			if n := w.sim.Count("", "DescribeZones"); n != want {
				t.Errorf("%d requests were sent to EdgeOne, want %d", n, want)
			}
		})
	}
}

// Without filters nobody is asked, and the filter looks at the keys on top.
func TestAccountOfTheRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	o := w.asTerraform()
	w.keys(o)
	if w.sim.Count("", "GetCallerIdentity") != 0 {
		t.Error("the account was asked for")
	}
	o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf"}
	o.AllowedAccountIDs = []string{"100000000009"}
	w.keys(o)
}

// An account that could not be found out is asked for again.
func TestAccountIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	w.sim.Inject(teosim.Fault{Name: teosim.APIError, Action: "GetCallerIdentity", Value: "Closed: for today", Times: 1})
	o := w.asTerraform()
	o.AllowedAccountIDs = []string{account}
	source := w.source(o)
	err := w.list(source)
	if failure, ok := errors.AsType[*credential.SourceError](err); !ok || failure.Summary != "Unable to find out the account" || tcapi.AsError(err).Code != "Closed" {
		t.Errorf("%v", err)
	}
	if err := w.list(source); err != nil {
		t.Error(err)
	}
}

func TestAccountProblems(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	o := w.asTerraform()
	o.AllowedAccountIDs, o.ForbiddenAccountIDs = []string{"1"}, []string{"2"}
	_, problems := credential.New(o)
	one(t, problems, "forbidden_account_ids", "allowed_account_ids and forbidden_account_ids exclude each other")
	o.AllowedAccountIDs, o.ForbiddenAccountIDs = []string{" "}, nil
	_, problems = credential.New(o)
	one(t, problems, "allowed_account_ids", "must not be empty")
}
