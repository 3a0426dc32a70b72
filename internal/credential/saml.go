package credential

import "context"

// samlRole assumes a role with a SAML assertion.
type samlRole struct {
	issuer

	request samlRequest
}

type samlRequest struct {
	SAMLAssertion   string
	PrincipalArn    string
	RoleArn         string
	RoleSessionName string
	DurationSeconds int64
}

func (s *samlRole) source() string {
	return "assumed role " + s.request.RoleArn + " (with a SAML assertion)"
}

func (s *samlRole) issue(ctx context.Context) (issued, error) {
	keys, err := s.issuer.issue(ctx, s.request, s.source(), s.request.SAMLAssertion)
	if err != nil {
		return issued{}, proofFailure(ctx, "assume_role_with_saml", "Unable to assume the role with SAML", "a SAML assertion", s.request.RoleArn, err)
	}
	return keys, nil
}

// once is not so: an assertion is good for minutes, and some providers issue
// ones that are good for longer.
func (s *samlRole) once() error { return nil }

// saml returns the layer of assume_role_with_saml; false where it is not
// configured.
func (b *builder) saml() (layer, bool) {
	const at = "assume_role_with_saml"
	given := b.options.AssumeRoleWithSAML
	if given == nil {
		if b.hasBlock() || b.env.first("", envSAMLAssertion) == "" {
			b.pass(at, b.unset(envSAMLAssertion))
			return layer{}, false
		}
		given = new(AssumeRoleWithSAML)
	}
	origin := &samlRole{request: samlRequest{
		SAMLAssertion:   b.required(at+".saml_assertion", given.SAMLAssertion, envSAMLAssertion),
		PrincipalArn:    b.required(at+".principal_arn", given.PrincipalARN, envPrincipalARN),
		RoleArn:         b.roleARN(at, given.RoleARN),
		RoleSessionName: b.sessionName(at, given.SessionName),
		DurationSeconds: b.seconds(at+".session_duration", given.SessionDuration, envSessionDuration, 7200, 43200),
	}}
	origin.issuer = b.issuer("AssumeRoleWithSAML", nil, origin.request.DurationSeconds)
	return layer{keys: b.renewer(origin), describe: origin.source()}, true
}
