package credential

import (
	"context"
	"fmt"
	"strings"
)

// assumedRole assumes a role with other credentials.
type assumedRole struct {
	stsIssuer

	attribute string // on which a failure is reported
	source    string // in words
	body      assumeRoleRequest
}

type assumeRoleRequest struct {
	RoleArn         string
	RoleSessionName string
	DurationSeconds int64
	Policy          string `json:",omitempty"` // URL-encoded, as the API requires
	ExternalId      string `json:",omitempty"`
	SourceIdentity  string `json:",omitempty"`
	SerialNumber    string `json:",omitempty"`
	TokenCode       string `json:",omitempty"`
}

func (a *assumedRole) issue(ctx context.Context) (issued, error) {
	credentials, err := a.stsIssuer.issue(ctx, a.body, a.source, a.body.TokenCode)
	if err != nil {
		return issued{}, request{
			attribute: a.attribute, summary: "Unable to assume the role",
			role: a.body.RoleArn, mfa: a.body.TokenCode != "", external: a.body.ExternalId != "",
		}.failure(err)
	}
	return credentials, nil
}

func (a *assumedRole) singleUseError() error {
	if a.body.TokenCode == "" {
		return nil
	}
	return &SourceError{
		Attribute: a.attribute + ".token_code",
		Summary:   "The session of the assumed role has expired",
		Next:      "A code of an MFA device works once: run again with a new code, or set a longer session_duration.",
	}
}

// roles assumes the role of the environment and the role of assume_role with other
// credentials, one after the other, as the official provider does. The block's
// missing values come from the environment; if that makes both the same role, it
// is assumed once. A role of the environment that names no session is a value for
// the block, not a step of its own, if there is a block.
func (b *builder) roles(with layer) layer {
	const at = "assume_role"
	given := b.options.AssumeRole
	arn := b.environmentRole()
	switch {
	case given == nil && (arn == "" || b.missing != nil):
		return with
	case given == nil:
		return b.assume(at, b.assumeRoleRequest(AssumeRole{}), with)
	}
	own := strings.TrimSpace(given.RoleARN)
	if arn == "" || own == "" || own == arn {
		return b.assume(at, b.assumeRoleRequest(*given), with)
	}
	if b.env.get(envSessionName, envTccliSessionName) == "" {
		b.warn(at, "Role of the environment not assumed", fmt.Sprintf("The environment names the role %s, but only the role of assume_role is assumed. "+
			"To assume the role of the environment first, also set %s.", shortened(arn), envSessionName))
		return b.assume(at, b.assumeRoleRequest(*given), with)
	}
	with = b.assume(at, b.assumeRoleRequest(AssumeRole{}), with)
	second := b.assumeRoleRequest(*given)
	// The MFA code of the environment has been used.
	second.SerialNumber, second.TokenCode = strings.TrimSpace(given.SerialNumber), strings.TrimSpace(given.TokenCode)
	return b.assume(at, second, with)
}

// environmentRole returns the ARN of the role that the environment assumes with
// other credentials; empty if its variables stand for another way to assume it.
func (b *builder) environmentRole() string {
	arn := b.env.get(envRoleARN, envTccliRoleARN)
	switch {
	case arn == "":
		return ""
	case b.options.AssumeRoleWithSAML != nil || b.options.AssumeRoleWithWebIdentity != nil:
		return "" // the ARN completes that block
	case b.env.get(envSAMLAssertion, envWebIdentityToken, envWebIdentityTokenFile) != "":
		return ""
	case b.env.get(envPrincipalARN) != "":
		b.problem("assume_role_with_saml.saml_assertion", summaryMissing, envPrincipalARN+" is for a role that is assumed with SAML, but there is no assertion. Set "+
			envSAMLAssertion+", or unset "+envPrincipalARN+" to assume the role with other credentials.")
		return ""
	}
	return arn
}

// assumeRoleRequest completes assume_role from the environment, and checks it.
func (b *builder) assumeRoleRequest(given AssumeRole) assumeRoleRequest {
	const at = "assume_role"
	return assumeRoleRequest{
		RoleArn:         b.roleARN(at, given.RoleARN, envTccliRoleARN),
		RoleSessionName: b.sessionName(at, given.SessionName, envTccliSessionName),
		DurationSeconds: b.sessionDuration(at, given.SessionDuration),
		Policy:          b.policy(at+".policy", strings.TrimSpace(given.Policy)),
		ExternalId:      b.externalID(at+".external_id", b.env.value(given.ExternalID, envExternalID)),
		SourceIdentity:  b.env.value(given.SourceIdentity, envSourceIdentity),
		SerialNumber:    b.env.value(given.SerialNumber, envSerialNumber),
		TokenCode:       b.env.value(given.TokenCode, envTokenCode),
	}
}

// assume returns the layer of a role that is assumed with other credentials.
func (b *builder) assume(attribute string, body assumeRoleRequest, with layer) layer {
	role := &assumedRole{
		stsIssuer: b.stsIssuer("AssumeRole", with.credentials, body.DurationSeconds),
		attribute: attribute,
		source:    "assumed role " + body.RoleArn + " (with credentials from " + with.describe + ")",
		body:      body,
	}
	return layer{credentials: b.refresher(role), describe: role.source}
}
