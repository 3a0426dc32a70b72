package credential

import (
	"context"
	"strings"
)

// assumeRole assumes a role with other keys.
type assumeRole struct {
	issuer

	attribute string // to blame
	source    string // in words
	request   assumeRoleRequest
	oneTime   error
}

type assumeRoleRequest struct {
	RoleArn         string
	RoleSessionName string
	DurationSeconds int64
	Policy          string `json:",omitempty"` // encoded as in a URL, the API demands
	ExternalId      string `json:",omitempty"`
	SourceIdentity  string `json:",omitempty"`
	SerialNumber    string `json:",omitempty"`
	TokenCode       string `json:",omitempty"`
}

func (a *assumeRole) issue(ctx context.Context) (issued, error) {
	keys, err := a.issuer.issue(ctx, a.request, a.source, a.request.TokenCode)
	if err != nil {
		return issued{}, sourceFailure(ctx, a.attribute, "Unable to assume the role", err)
	}
	return keys, nil
}

func (a *assumeRole) once() error { return a.oneTime }

// roleOf adds the environment to assume_role, and checks it; nil where no role
// is to be assumed.
func (b *builder) roleOf() *assumeRoleRequest {
	given := b.options.AssumeRole
	if given == nil {
		if b.hasBlock() || !b.roleOfVariables() {
			return nil
		}
		given = new(AssumeRole)
	}
	const at = "assume_role"
	return &assumeRoleRequest{
		RoleArn:         b.roleARN(at, given.RoleARN, envTccliRoleARN),
		RoleSessionName: b.sessionName(at, given.SessionName, envTccliSessionName),
		DurationSeconds: b.seconds(at+".session_duration", given.SessionDuration, envSessionDuration, 7200, 43200),
		Policy:          b.policy(at+".policy", strings.TrimSpace(given.Policy)),
		ExternalId:      b.externalID(at+".external_id", b.env.first(given.ExternalID, envExternalID)),
		SourceIdentity:  b.env.first(given.SourceIdentity, envSourceIdentity),
		SerialNumber:    b.env.first(given.SerialNumber, envSerialNumber),
		TokenCode:       b.env.first(given.TokenCode, envTokenCode),
	}
}

// roleOfVariables tells whether variables alone mean this role, and not another
// way to assume it. They have to name a session as well: without one the
// official provider leaves the role alone, and so works where it is set for
// something else.
func (b *builder) roleOfVariables() bool {
	role, from := b.env.from("", envRoleARN, envTccliRoleARN)
	switch {
	case role == "" || b.env.first("", envSAMLAssertion, envWebIdentityToken, envWebIdentityTokenFile) != "":
		return false
	case b.env.first("", envSessionName, envTccliSessionName) == "":
		b.pass("assume_role", from+" is set, and "+envSessionName+" is not")
		return false
	case b.env.first("", envPrincipalARN) != "":
		b.problem("assume_role_with_saml.saml_assertion", summaryMissing, envPrincipalARN+" means a role with SAML, and there is no assertion: set "+
			envSAMLAssertion+", or unset "+envPrincipalARN+" to assume the role with other keys.")
		return false
	}
	return true
}

// assume puts a role on top of other keys.
func (b *builder) assume(attribute string, request assumeRoleRequest, with layer) layer {
	origin := &assumeRole{
		issuer:    b.issuer("AssumeRole", with.keys, request.DurationSeconds),
		attribute: attribute,
		source:    "assumed role " + request.RoleArn + " (with keys from " + with.describe + ")",
		request:   request,
	}
	if request.TokenCode != "" {
		origin.oneTime = &SourceError{
			Attribute: attribute + ".token_code",
			Summary:   "The session of the assumed role has ended",
			Next:      "A code of an MFA device works once: run again with a new one, or ask for a longer session_duration",
		}
	}
	return layer{keys: b.renewer(origin), describe: origin.source}
}
