package credential

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// account compares the account that the keys belong to with those that are
// allowed or forbidden: once for each secret ID, before anything is signed with
// it for somebody else. Renewed keys can belong to another account, such as
// those of another login with tccli.
type account struct {
	client             *tcapi.Client
	allowed, forbidden []string
	group              singleflight.Group

	mu      sync.Mutex
	known   string // the secret ID that the verdict is on, empty before the first
	verdict error
}

type callerIdentity struct {
	tcapi.Head

	AccountId string
}

// check asks STS whose keys these are, unless that is known already. All who
// ask at one time share one request.
func (a *account) check(ctx context.Context, secretID string) error {
	if known, verdict := a.look(secretID); known {
		return verdict
	}
	flight := a.group.DoChan(secretID, func() (any, error) { return nil, a.ask(context.WithoutCancel(ctx), secretID) })
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case result := <-flight:
		return result.Err
	}
}

func (a *account) look(secretID string) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.known == secretID, a.verdict
}

func (a *account) ask(ctx context.Context, secretID string) error {
	if known, verdict := a.look(secretID); known {
		return verdict
	}
	attribute := "allowed_account_ids"
	if len(a.forbidden) > 0 {
		attribute = "forbidden_account_ids"
	}
	identity, err := tcapi.Call[callerIdentity](ctx, a.client, stsAction("GetCallerIdentity"), struct{}{})
	if err != nil {
		return sourceFailure(ctx, attribute, "Unable to find out the account", err)
	}
	if identity.AccountId == "" {
		return sourceFailure(ctx, attribute, "Unable to find out the account",
			errors.New("GetCallerIdentity answered no account (request ID "+identity.RequestID+")"))
	}
	verdict := a.judge(attribute, identity.AccountId)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known, a.verdict = secretID, verdict
	return verdict
}

func (a *account) judge(attribute, id string) error {
	if slices.Contains(a.forbidden, id) {
		return &SourceError{Attribute: attribute, Summary: summaryAccount, Err: fmt.Errorf("the keys belong to account %s, which is forbidden", id)}
	}
	if len(a.allowed) > 0 && !slices.Contains(a.allowed, id) {
		return &SourceError{
			Attribute: attribute, Summary: summaryAccount,
			Err: fmt.Errorf("the keys belong to account %s, and allowed is only %s", id, strings.Join(a.allowed, ", ")),
		}
	}
	return nil
}

const summaryAccount = "The account is not allowed"

// account returns the check of the accounts, nil where there is nothing to
// check.
func (b *builder) account(top layer) *account {
	allowed := b.accountIDs("allowed_account_ids", b.options.AllowedAccountIDs)
	forbidden := b.accountIDs("forbidden_account_ids", b.options.ForbiddenAccountIDs)
	if len(allowed) > 0 && len(forbidden) > 0 {
		b.problem("forbidden_account_ids", "Conflicting account filters", "allowed_account_ids and forbidden_account_ids exclude each other: leave one of them out.")
	}
	if len(allowed) == 0 && len(forbidden) == 0 {
		return nil
	}
	return &account{client: b.sts(b.region, top.keys), allowed: allowed, forbidden: forbidden}
}

func (b *builder) accountIDs(attribute string, ids []string) []string {
	var clean []string
	for _, id := range ids {
		if id = strings.TrimSpace(id); id == "" {
			b.problem(attribute, "Empty account ID", "An account ID must not be empty.")
			continue
		}
		clean = append(clean, id)
	}
	return clean
}
