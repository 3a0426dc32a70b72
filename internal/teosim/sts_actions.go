package teosim

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
)

var (
	roleARN        = regexp.MustCompile(`^qcs::cam::uin/(\d+):(?:role|roleName)/([\w+=,.@/-]+)$`)
	stsSessionName = regexp.MustCompile(`^[\w+=,.@-]{2,128}$`)
	stsExternalID  = regexp.MustCompile(`^[\w+=,.@:/-]{2,128}$`)
	mfaCode        = regexp.MustCompile(`^\d{6}$`)
)

func stsError(code, en string) *apiError { return &apiError{code, "参数错误。", en} }

// role reads the parameters that all ways to assume a role share, and returns the
// identity and the lifetime of the credentials.
func (p *parameters) role() (identity, int64) {
	p.require("RoleArn", "RoleSessionName")
	arn, session := p.text("RoleArn"), p.text("RoleSessionName")
	seconds := p.integer("DurationSeconds", 7200)
	parts := roleARN.FindStringSubmatch(arn)
	switch {
	case p.err != nil:
		return identity{}, 0
	case parts == nil:
		p.fail(stsError("InvalidParameter.ParamError", "RoleArn is not the resource description of a role."))
		return identity{}, 0
	case !stsSessionName.MatchString(session):
		p.fail(stsError("InvalidParameter.ParamError", `RoleSessionName does not match [\w+=,.@_-]* in 2 to 128 characters.`))
	case seconds < 1 || seconds > 43200:
		p.fail(stsError("InvalidParameter.OverTimeError", "DurationSeconds is above the maximum."))
	}
	return identity{
		AccountID: parts[1], ARN: "qcs::sts:" + parts[1] + ":assumed-role/" + parts[2],
		UserID: parts[2] + ":" + session, PrincipalID: parts[2], Type: "CAMRole",
	}, seconds
}

func (s *sts) assumeRole(body []byte) (respond, *apiError) {
	p := readParameters("", body, "RoleArn", "RoleSessionName", "DurationSeconds", "Policy", "ExternalId",
		"Tags", "SourceIdentity", "SerialNumber", "TokenCode")
	who, seconds := p.role()
	if policy := p.text("Policy"); policy != "" {
		plain, err := url.QueryUnescape(policy)
		if err != nil || plain == policy || !json.Valid([]byte(plain)) {
			p.fail(stsError("InvalidParameter.StrategyFormatError", "Policy is not a policy that has been URL-encoded."))
		}
	}
	if id := p.text("ExternalId"); p.has("ExternalId") && !stsExternalID.MatchString(id) {
		p.fail(stsError("InvalidParameter.ParamError", "ExternalId is not valid."))
	} else if id != s.options.ExternalID && s.options.ExternalID != "" {
		p.fail(stsError("UnauthorizedOperation", "You are not authorized to perform operation (sts:AssumeRole)."))
	}
	_ = p.text("SourceIdentity")
	if p.has("SerialNumber") || p.has("TokenCode") {
		s.device(p)
	}
	return s.issue(seconds, who), p.err
}

func (s *sts) assumeRoleWithSAML(body []byte) (respond, *apiError) {
	p := readParameters("", body, "SAMLAssertion", "PrincipalArn", "RoleArn", "RoleSessionName", "DurationSeconds")
	p.require("SAMLAssertion", "PrincipalArn")
	who, seconds := p.role()
	assertion, err := base64.StdEncoding.DecodeString(p.text("SAMLAssertion"))
	if err != nil || len(assertion) == 0 {
		p.fail(stsError("InvalidParameter.ParamError", "SAMLAssertion is not in base64."))
	}
	if !strings.HasPrefix(p.text("PrincipalArn"), "qcs::cam::uin/") {
		p.fail(stsError("InvalidParameter.ParamError", "PrincipalArn is not a resource description."))
	}
	return s.issue(seconds, who), p.err
}

func (s *sts) assumeRoleWithWebIdentity(body []byte) (respond, *apiError) {
	p := readParameters("", body, "ProviderId", "WebIdentityToken", "RoleArn", "RoleSessionName", "DurationSeconds")
	p.require("ProviderId", "WebIdentityToken")
	who, seconds := p.role()
	if token := p.text("WebIdentityToken"); p.err == nil && !s.checkToken(token) {
		p.fail(stsError("InvalidParameter.WebIdentityTokenError", "WebIdentityToken is not a JWT, or has expired."))
	}
	if p.err == nil && p.text("ProviderId") == "" {
		p.fail(stsError("InvalidParameter.ParamError", "ProviderId is empty."))
	}
	return s.issue(seconds, who), p.err
}

// checkToken checks the form of a JWT and its expiry. It does not check the
// signature, because there is no identity provider.
func (s *sts) checkToken(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[2] == "" {
		return false
	}
	var header struct{}
	var claims struct {
		Exp int64 `json:"exp"`
	}
	if !decodeTokenPart(parts[0], &header) || !decodeTokenPart(parts[1], &claims) {
		return false
	}
	return claims.Exp == 0 || s.now().Unix() < claims.Exp
}

// decodeTokenPart decodes the header or the claims of a JWT.
func decodeTokenPart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}

func (s *sts) getSessionToken(caller string, body []byte) (respond, *apiError) {
	p := readParameters("", body, "SerialNumber", "TokenCode", "DurationSeconds")
	seconds := p.integer("DurationSeconds", 1800)
	if p.err == nil && (seconds < 1 || seconds > 129600) {
		p.fail(stsError("InvalidParameter.OverTimeError", "DurationSeconds is above the maximum."))
	}
	s.device(p)
	return s.issue(seconds, s.caller(caller)), p.err
}

// device checks the code of an MFA device.
func (s *sts) device(p *parameters) {
	p.require("SerialNumber", "TokenCode")
	serial, code := p.text("SerialNumber"), p.text("TokenCode")
	if p.err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	wrong := s.options.MFACode != "" && code != s.options.MFACode
	if serial == "" || !mfaCode.MatchString(code) || wrong || s.codes[serial+"/"+code] {
		p.fail(&apiError{"AuthFailure.MFAFailure", "MFA 失败。", "MFA failed: the code is wrong or has been used."})
	}
	s.codes[serial+"/"+code] = !s.options.ReusableMFACodes
}

func (s *sts) getCallerIdentity(caller string, body []byte) (respond, *apiError) {
	p := readParameters("", body)
	who := s.caller(caller)
	return func([]Fault, int64) []byte {
		return appendField(appendField(appendField(appendField(appendField(nil,
			"AccountId", who.AccountID),
			"Arn", who.ARN),
			"UserId", who.UserID),
			"PrincipalId", who.PrincipalID),
			"Type", who.Type)
	}, p.err
}
