package credential

import (
	"context"
	"fmt"
)

// webIdentity assumes a role with an OIDC token.
type webIdentity struct {
	issuer

	attribute string // to blame
	tokenFrom string // in words
	file      string // read for each request; empty: the token in the request
	request   webIdentityRequest
}

type webIdentityRequest struct {
	ProviderId       string
	WebIdentityToken string
	RoleArn          string
	RoleSessionName  string
	DurationSeconds  int64
}

func (w *webIdentity) source() string {
	return "assumed role " + w.request.RoleArn + " (with " + w.tokenFrom + ")"
}

func (w *webIdentity) issue(ctx context.Context) (issued, error) {
	request := w.request
	if w.file != "" {
		token, err := readToken(w.file)
		if err != nil {
			return issued{}, &SourceError{
				Attribute: w.attribute,
				Summary:   summaryTokenFile,
				Err:       fmt.Errorf("%s: %w", w.file, err),
			}
		}
		request.WebIdentityToken = token
	}
	keys, err := w.issuer.issue(ctx, request, w.source(), request.WebIdentityToken)
	if err != nil {
		return issued{}, proofFailure(ctx, w.attribute, "Unable to assume the role with a web identity", w.tokenFrom, request.RoleArn, err)
	}
	return keys, nil
}

// once is not so: a file gets a new token in time, and a token in the
// configuration may outlive the keys.
func (w *webIdentity) once() error { return nil }

const summaryTokenFile = "Unable to read the web identity token file"

// webIdentity returns the layer of assume_role_with_web_identity; false where
// it is not configured.
func (b *builder) webIdentity() (layer, bool) {
	const at = "assume_role_with_web_identity"
	given := b.options.AssumeRoleWithWebIdentity
	if given == nil {
		if b.hasBlock() || b.env.first("", envWebIdentityToken, envWebIdentityTokenFile) == "" {
			b.pass(at, b.unset(envWebIdentityToken, envWebIdentityTokenFile))
			return layer{}, false
		}
		given = new(AssumeRoleWithWebIdentity)
	}
	provider := b.env.first(given.ProviderID, envProviderID)
	if provider == "" {
		provider = "OIDC"
	}
	origin := &webIdentity{attribute: at, tokenFrom: "a web identity token", request: webIdentityRequest{
		ProviderId:      provider,
		RoleArn:         b.roleARN(at, given.RoleARN),
		RoleSessionName: b.sessionName(at, given.SessionName),
		DurationSeconds: b.seconds(at+".session_duration", given.SessionDuration, envSessionDuration, 7200, 43200),
	}}
	// What is configured goes before what is in the environment, the token
	// before the file.
	origin.request.WebIdentityToken = b.env.first(given.WebIdentityToken)
	if origin.request.WebIdentityToken == "" {
		origin.file = b.env.first(given.WebIdentityTokenFile)
	}
	if origin.request.WebIdentityToken == "" && origin.file == "" {
		origin.request.WebIdentityToken = b.env.first("", envWebIdentityToken)
	}
	if origin.request.WebIdentityToken == "" && origin.file == "" {
		origin.file = b.env.first("", envWebIdentityTokenFile)
	}
	if origin.request.WebIdentityToken == "" {
		b.tokenFile(origin, at+".web_identity_token_file", "set web_identity_token or web_identity_token_file, or "+
			envWebIdentityToken+" or "+envWebIdentityTokenFile)
	} else {
		token, err := parseToken([]byte(origin.request.WebIdentityToken))
		if err != nil {
			b.problem(at+".web_identity_token", "Invalid web identity token", "The token cannot be one: "+err.Error()+".")
		}
		origin.request.WebIdentityToken = token
	}
	origin.issuer = b.issuer("AssumeRoleWithWebIdentity", nil, origin.request.DurationSeconds)
	return layer{keys: b.renewer(origin), describe: origin.source()}, true
}

// tokenFile checks that the file of a token can be read now.
func (b *builder) tokenFile(origin *webIdentity, attribute, missing string) {
	if origin.file == "" {
		b.problem(attribute, "Missing web identity token", "There is no token: "+missing+".")
		return
	}
	origin.attribute, origin.tokenFrom = attribute, "the web identity token in "+origin.file
	origin.file = b.expand(origin.file)
	if _, err := readToken(origin.file); err != nil {
		b.problem(attribute, summaryTokenFile, fmt.Sprintf("The file %s is not usable: %s.", origin.file, err))
	}
}
