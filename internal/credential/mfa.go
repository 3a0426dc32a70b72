package credential

import "context"

// mfaSession opens a session with a code of an MFA device.
type mfaSession struct {
	stsIssuer

	source string // in words
	body   mfaRequest
}

type mfaRequest struct {
	SerialNumber    string
	TokenCode       string
	DurationSeconds int64
}

func (m *mfaSession) issue(ctx context.Context) (issued, error) {
	credentials, err := m.stsIssuer.issue(ctx, m.body, m.source, m.body.TokenCode)
	if err != nil {
		return issued{}, request{attribute: "mfa_certification", summary: "Unable to open the MFA session", mfa: true}.failure(err)
	}
	return credentials, nil
}

func (m *mfaSession) singleUseError() error {
	return &SourceError{
		Attribute: "mfa_certification.token_code",
		Summary:   "The MFA session has expired",
		Next:      "A code of an MFA device works once: run again with a new code, or set a longer duration_seconds.",
	}
}

// mfa opens an MFA session with other credentials, if one is configured. Like the
// official provider it needs both variables if there is no block.
func (b *builder) mfa(with layer) layer {
	const at = "mfa_certification"
	given := b.options.MFACertification
	if given == nil {
		if b.env.get(envMFASerialNumber) == "" || b.env.get(envMFATokenCode) == "" || b.missing != nil {
			return with
		}
		given = new(MFACertification)
	}
	session := &mfaSession{source: "an MFA session (with credentials from " + with.describe + ")", body: mfaRequest{
		SerialNumber:    b.required(at+".serial_number", given.SerialNumber, envMFASerialNumber),
		TokenCode:       b.required(at+".token_code", given.TokenCode, envMFATokenCode),
		DurationSeconds: b.seconds(at+".duration_seconds", given.DurationSeconds, envMFADurationSeconds, DefaultMFADuration, MaxMFADuration),
	}}
	session.stsIssuer = b.stsIssuer("GetSessionToken", with.credentials, session.body.DurationSeconds)
	return layer{credentials: b.refresher(session), describe: session.source}
}
