package credential_test

import (
	"errors"
	"net/http"
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

// The account is requested once, before anything else is sent, and nothing is sent
// for an account that is not allowed.
func TestOnlyAllowedAccountsAreUsed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		allowed, forbidden []string
		attribute, cause   string // of the refusal
	}{
		"allowed":         {allowed: []string{"1", " " + account + " "}},
		"not forbidden":   {forbidden: []string{"1"}},
		"not allowed":     {allowed: []string{"1", "2"}, attribute: "allowed_account_ids", cause: "the credentials belong to account " + account + ", which is not among the allowed accounts: 1, 2"},
		"forbidden":       {forbidden: []string{"1", account}, attribute: "forbidden_account_ids", cause: "the credentials belong to account " + account + ", which is forbidden"},
		"part of another": {allowed: []string{account + "1"}, attribute: "allowed_account_ids", cause: "the credentials belong to account " + account + ", which is not among the allowed accounts: " + account + "1"},
		"ends with it":    {allowed: []string{account[1:]}, attribute: "allowed_account_ids", cause: "the credentials belong to account " + account + ", which is not among the allowed accounts: " + account[1:]},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{Rates: teosim.Unlimited()})
			o := w.withStatic()
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
					failure{test.attribute, "Account not allowed", test.cause, ""}.expect(t, err)
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

// Without filters STS is not called, and a filter checks the last credentials of a
// chain.
func TestTheAccountIsThatOfTheRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	o := w.withStatic()
	w.credentials(o)
	if w.sim.Count("", "GetCallerIdentity") != 0 {
		t.Error("the account was requested")
	}
	o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf"}
	o.AllowedAccountIDs = []string{"100000000009"}
	w.credentials(o)
}

// An account that could not be determined is requested again.
func TestAnUnknownAccountIsRequestedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	w.sim.Inject(teosim.Fault{Name: teosim.APIError, Action: "GetCallerIdentity", Value: "Closed: for today", Times: 1})
	o := w.withStatic()
	o.AllowedAccountIDs = []string{account}
	source := w.source(o)
	err := w.list(source)
	if failure, ok := errors.AsType[*credential.SourceError](err); !ok || failure.Summary != "Unable to determine the account" || tcapi.AsError(err).Code != "Closed" {
		t.Errorf("%v", err)
	}
	if err := w.list(source); err != nil {
		t.Error(err)
	}
}

// Another login during a run can write credentials of another account into the
// profile. Each account is checked once.
func TestTheAccountOfRefreshedCredentialsIsCheckedOnce(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, teosim.Options{})
	log := func(id string, end time.Time) {
		w.write(".tccli/default.credential", `{"secretId":"`+id+`","secretKey":"key","token":"token","type":"oauth","expiresAt":`+unix(end)+`}`)
	}
	log("first", now.Add(time.Hour))
	o := w.options()
	o.Now = func() time.Time { return now }
	o.AllowedAccountIDs = []string{account}
	asked := &accounts{"first": account, "second": account, "third": "1"}
	o.STS.Transport = asked
	source := w.source(o)
	for _, step := range []struct{ id, words string }{
		{"first", ""}, {"second", ""}, {"third", "belong to account 1, which is not among the allowed accounts: " + account},
	} {
		now = now.Add(2 * time.Hour)
		log(step.id, now.Add(time.Hour))
		for range 2 {
			credentials, err := source.Credentials(t.Context())
			if step.words == "" && (err != nil || credentials.SecretID != step.id) || step.words != "" && (err == nil || !strings.Contains(err.Error(), step.words)) {
				t.Errorf("%s: %s, %v, want %q", step.id, credentials.SecretID, err, step.words)
			}
		}
	}
	if len(*asked) > 0 {
		t.Errorf("the account of %v was not requested", *asked)
	}
}

// accounts answers once for each secret ID with its account.
type accounts map[string]string

func (a accounts) RoundTrip(r *http.Request) (*http.Response, error) {
	for id, account := range a {
		if strings.Contains(r.Header.Get("Authorization"), "Credential="+id+"/") {
			delete(a, id)
			return answering(`{"Response":{"AccountId":"` + account + `","RequestId":"r-1"}}`).RoundTrip(r)
		}
	}
	return nil, errors.New("asked more than once")
}

func TestInvalidAccountFiltersAreErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	o := w.withStatic()
	o.AllowedAccountIDs, o.ForbiddenAccountIDs = []string{"1"}, []string{"2"}
	_, problems := credential.New(o)
	one(t, problems, "forbidden_account_ids", "allowed_account_ids and forbidden_account_ids cannot be used together")
	o.AllowedAccountIDs, o.ForbiddenAccountIDs = []string{" "}, nil
	_, problems = credential.New(o)
	one(t, problems, "allowed_account_ids", "must not be empty")
}
