package credential

import (
	"context"
	"fmt"
)

// webIdentityRole assumes a role with an OIDC token.
type webIdentityRole struct {
	stsIssuer

	attribute string // on which a failure is reported
	tokenFrom string // in words
	file      string // read for each request; empty if the token is in body
	body      webIdentityRequest
}

type webIdentityRequest struct {
	ProviderId       string
	WebIdentityToken string
	RoleArn          string
	RoleSessionName  string
	DurationSeconds  int64
}

func (w *webIdentityRole) source() string {
	return "assumed role " + w.body.RoleArn + " (with " + w.tokenFrom + ")"
}

func (w *webIdentityRole) issue(ctx context.Context) (issued, error) {
	body := w.body
	if w.file != "" {
		token, err := readToken(w.file)
		if err != nil {
			return issued{}, &SourceError{
				Attribute: w.attribute,
				Summary:   summaryTokenFile,
				Err:       fmt.Errorf("%s: %w", w.file, err),
			}
		}
		body.WebIdentityToken = token
	}
	credentials, err := w.stsIssuer.issue(ctx, body, w.source(), body.WebIdentityToken)
	if err != nil {
		return issued{}, request{
			attribute: w.attribute, summary: "Unable to assume the role with a web identity",
			proof: w.tokenFrom, role: body.RoleArn,
		}.failure(err)
	}
	return credentials, nil
}

// singleUseError returns nil: a file gets a new token in time, and a token of the
// configuration can be valid for longer than the credentials.
func (w *webIdentityRole) singleUseError() error { return nil }

const summaryTokenFile = "Unable to read the web identity token file"

// webIdentity returns the layer of assume_role_with_web_identity.
func (b *builder) webIdentity() layer {
	const at = "assume_role_with_web_identity"
	given := b.options.AssumeRoleWithWebIdentity
	if given == nil {
		given = new(AssumeRoleWithWebIdentity)
	}
	provider := b.env.value(given.ProviderID, envProviderID)
	if provider == "" {
		provider = DefaultProviderID
	}
	role := &webIdentityRole{attribute: at, tokenFrom: "a web identity token", body: webIdentityRequest{
		ProviderId:      provider,
		RoleArn:         b.roleARN(at, given.RoleARN),
		RoleSessionName: b.sessionName(at, given.SessionName),
		DurationSeconds: b.sessionDuration(at, given.SessionDuration),
	}}
	token, file := b.webIdentityToken(given)
	role.file = file
	if token == "" {
		b.tokenFile(role, at+".web_identity_token_file", "set web_identity_token or web_identity_token_file, or "+
			envWebIdentityToken+" or "+envWebIdentityTokenFile)
	} else {
		var err error
		if role.body.WebIdentityToken, err = parseToken([]byte(token)); err != nil {
			b.problem(at+".web_identity_token", "Invalid web identity token", "The token is not valid: "+err.Error()+".")
		}
	}
	role.stsIssuer = b.stsIssuer("AssumeRoleWithWebIdentity", nil, role.body.DurationSeconds)
	return layer{credentials: b.refresher(role), describe: role.source()}
}

// webIdentityToken returns the token or its file. The configuration takes precedence
// over the environment, and the token over the file.
func (b *builder) webIdentityToken(given *AssumeRoleWithWebIdentity) (token, file string) {
	token, file = b.env.value(given.WebIdentityToken), b.env.value(given.WebIdentityTokenFile)
	if token != "" {
		file = ""
	}
	value, name := b.env.valueFrom(token+file, envWebIdentityToken, envWebIdentityTokenFile)
	switch name {
	case envWebIdentityToken:
		token = value
	case envWebIdentityTokenFile:
		file = value
	}
	return token, file
}

// tokenFile checks that the file of a token can be read now.
func (b *builder) tokenFile(role *webIdentityRole, attribute, missing string) {
	if role.file == "" {
		b.problem(attribute, "Missing web identity token", "There is no token: "+missing+".")
		return
	}
	role.attribute, role.tokenFrom = attribute, "the web identity token in "+role.file
	role.file = b.expand(role.file)
	if _, err := readToken(role.file); err != nil {
		b.problem(attribute, summaryTokenFile, fmt.Sprintf("The file %s cannot be used: %s.", role.file, err))
	}
}
