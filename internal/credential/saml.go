package credential

import "context"

// samlRole assumes a role with a SAML assertion.
type samlRole struct {
	stsIssuer

	body samlRequest
}

type samlRequest struct {
	SAMLAssertion   string
	PrincipalArn    string
	RoleArn         string
	RoleSessionName string
	DurationSeconds int64
}

func (s *samlRole) source() string {
	return "assumed role " + s.body.RoleArn + " (with a SAML assertion)"
}

func (s *samlRole) issue(ctx context.Context) (issued, error) {
	credentials, err := s.stsIssuer.issue(ctx, s.body, s.source(), s.body.SAMLAssertion)
	if err != nil {
		return issued{}, request{
			attribute: "assume_role_with_saml", summary: "Unable to assume the role with SAML",
			proof: "a SAML assertion", role: s.body.RoleArn,
		}.failure(err)
	}
	return credentials, nil
}

// singleUseError returns nil: an assertion is valid for minutes, and some identity
// providers issue assertions that are valid for longer.
func (s *samlRole) singleUseError() error { return nil }

// saml returns the layer of assume_role_with_saml.
func (b *builder) saml() layer {
	const at = "assume_role_with_saml"
	given := b.options.AssumeRoleWithSAML
	if given == nil {
		given = new(AssumeRoleWithSAML)
	}
	role := &samlRole{body: samlRequest{
		SAMLAssertion:   b.required(at+".saml_assertion", given.SAMLAssertion, envSAMLAssertion),
		PrincipalArn:    b.required(at+".principal_arn", given.PrincipalARN, envPrincipalARN),
		RoleArn:         b.roleARN(at, given.RoleARN),
		RoleSessionName: b.sessionName(at, given.SessionName),
		DurationSeconds: b.sessionDuration(at, given.SessionDuration),
	}}
	role.stsIssuer = b.stsIssuer("AssumeRoleWithSAML", nil, role.body.DurationSeconds)
	return layer{credentials: b.refresher(role), describe: role.source()}
}
