package credential

import "context"

// mfaSession opens a session with a code of an MFA device.
type mfaSession struct {
	issuer

	source  string // in words
	request mfaRequest
}

type mfaRequest struct {
	SerialNumber    string
	TokenCode       string
	DurationSeconds int64
}

func (m *mfaSession) issue(ctx context.Context) (issued, error) {
	keys, err := m.issuer.issue(ctx, m.request, m.source, m.request.TokenCode)
	if err != nil {
		return issued{}, sourceFailure(ctx, "mfa_certification", "Unable to open the MFA session", err)
	}
	return keys, nil
}

func (m *mfaSession) once() error {
	return &SourceError{
		Attribute: "mfa_certification.token_code",
		Summary:   "The MFA session has ended",
		Next:      "A code of an MFA device works once: run again with a new one, or ask for a longer duration_seconds",
	}
}

// mfa puts an MFA session on top of other keys, where one is configured.
func (b *builder) mfa(with layer) layer {
	const at = "mfa_certification"
	given := b.options.MFACertification
	if given == nil {
		// The official provider, too, takes it from the environment only where
		// both are there.
		if b.env.first("", envMFASerialNumber) == "" || b.env.first("", envMFATokenCode) == "" {
			return with
		}
		given = new(MFACertification)
	}
	origin := &mfaSession{source: "an MFA session (with keys from " + with.describe + ")", request: mfaRequest{
		SerialNumber:    b.required(at+".serial_number", given.SerialNumber, envMFASerialNumber),
		TokenCode:       b.required(at+".token_code", given.TokenCode, envMFATokenCode),
		DurationSeconds: b.seconds(at+".duration_seconds", given.DurationSeconds, envMFADurationSeconds, 1800, 129600),
	}}
	origin.issuer = b.issuer("GetSessionToken", with.keys, origin.request.DurationSeconds)
	return layer{keys: b.renewer(origin), describe: origin.source}
}
