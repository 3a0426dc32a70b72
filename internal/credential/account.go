package credential

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// accountFilter compares the account of the credentials with the allowed or
// forbidden ones, once for each secret ID and before its first use. Refreshed
// credentials can belong to another account, for example after another login with
// tccli.
type accountFilter struct {
	client             *tcapi.Client
	allowed, forbidden []string
	group              singleflight.Group

	mu      sync.Mutex
	checked string // the secret ID of the last check, empty before the first
	result  error
}

type callerIdentity struct {
	tcapi.Head

	AccountId string
	Arn       string
}

// check asks STS for the account of the credentials, unless it has been checked.
// Concurrent calls share one request.
func (a *accountFilter) check(ctx context.Context, secretID string) error {
	if checked, result := a.cached(secretID); checked {
		return result
	}
	answer := a.group.DoChan(secretID, func() (any, error) { return nil, a.ask(context.WithoutCancel(ctx), secretID) })
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case result := <-answer:
		return result.Err
	}
}

func (a *accountFilter) cached(secretID string) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.checked == secretID, a.result
}

func (a *accountFilter) ask(ctx context.Context, secretID string) error {
	if checked, result := a.cached(secretID); checked {
		return result
	}
	attribute := "allowed_account_ids"
	if len(a.forbidden) > 0 {
		attribute = "forbidden_account_ids"
	}
	identityRequest := request{attribute: attribute, summary: "Unable to determine the account"}
	identity, err := tcapi.Call[callerIdentity](ctx, a.client, stsAction("GetCallerIdentity"), struct{}{})
	if err != nil {
		return identityRequest.failure(err)
	}
	if identity.AccountId == "" {
		return identityRequest.failure(errors.New("GetCallerIdentity returned no account (request ID " + identity.RequestID + ")"))
	}
	result := a.compare(attribute, printable.Text(identity.AccountId, printable.Name))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.checked, a.result = secretID, result
	return result
}

func (a *accountFilter) compare(attribute, id string) error {
	if slices.Contains(a.forbidden, id) {
		return &SourceError{Attribute: attribute, Summary: summaryAccount, Err: fmt.Errorf("the credentials belong to account %s, which is forbidden", id)}
	}
	if len(a.allowed) > 0 && !slices.Contains(a.allowed, id) {
		return &SourceError{
			Attribute: attribute, Summary: summaryAccount,
			Err: fmt.Errorf("the credentials belong to account %s, which is not among the allowed accounts: %s", id, strings.Join(a.allowed, ", ")),
		}
	}
	return nil
}

const summaryAccount = "Account not allowed"

// accountFilter returns nil if there is nothing to check.
func (b *builder) accountFilter(top layer) *accountFilter {
	allowed := b.accountIDs("allowed_account_ids", b.options.AllowedAccountIDs)
	forbidden := b.accountIDs("forbidden_account_ids", b.options.ForbiddenAccountIDs)
	if len(allowed) > 0 && len(forbidden) > 0 {
		b.problem("forbidden_account_ids", "Conflicting account filters", "allowed_account_ids and forbidden_account_ids cannot be used together. Remove one of them.")
	}
	if len(allowed) == 0 && len(forbidden) == 0 {
		return nil
	}
	return &accountFilter{client: b.sts(b.region, top.credentials), allowed: allowed, forbidden: forbidden}
}

func (b *builder) accountIDs(attribute string, ids []string) []string {
	var clean []string
	for _, id := range ids {
		if id = strings.TrimSpace(id); id == "" {
			b.problem(attribute, "Empty account ID", "An account ID must not be empty.")
		}
		clean = append(clean, id)
	}
	return clean
}
