package teosim

import (
	"crypto/rand"
	"encoding/json"
	"sync"
	"time"
)

// DefaultAccountID is the account of the simulator's credentials unless
// [STSOptions] set another one.
const DefaultAccountID = "100000000001"

const versionSTS = "2018-08-13"

// STSOptions configure the simulated STS. It has the same endpoint as EdgeOne; the
// service in the scope of a signature tells them apart.
type STSOptions struct {
	// AccountID is the account (uin) of the accepted credentials. A role belongs
	// to the account in its ARN. Default DefaultAccountID.
	AccountID string
	// MaxDuration limits the lifetime of the issued credentials, whatever was
	// requested. Default no limit.
	MaxDuration time.Duration
	// MFACode is the only code that MFA devices show. Default any six digits.
	MFACode string
	// ReusableMFACodes accepts a code more than once, for tests that run several
	// commands.
	ReusableMFACodes bool
	// ExternalID is the external ID that the trust policy of every role requires.
	// Default none.
	ExternalID string
}

// identity is the owner of temporary credentials.
type identity struct {
	AccountID, ARN, UserID, PrincipalID, Type string
}

// sts issues temporary credentials and records their identity by secret ID.
type sts struct {
	options STSOptions
	now     func() time.Time
	keys    *keyring

	mu         sync.Mutex
	identities map[string]identity
	codes      map[string]bool // MFA codes that have been used
}

func newSTS(o STSOptions, now func() time.Time, keys *keyring) *sts {
	if o.AccountID == "" {
		o.AccountID = DefaultAccountID
	}
	return &sts{options: o, now: now, keys: keys, identities: map[string]identity{}, codes: map[string]bool{}}
}

func (s *sts) service() service {
	return service{name: "sts", actions: []action{
		{version: versionSTS, name: "AssumeRole", decode: s.assumeRole},
		{version: versionSTS, name: "AssumeRoleWithSAML", unsigned: true, decode: s.assumeRoleWithSAML},
		{version: versionSTS, name: "AssumeRoleWithWebIdentity", unsigned: true, decode: s.assumeRoleWithWebIdentity},
		{version: versionSTS, name: "GetSessionToken", decodeFor: s.getSessionToken},
		{version: versionSTS, name: "GetCallerIdentity", decodeFor: s.getCallerIdentity},
	}}
}

// caller returns the identity of the credentials that signed a request.
func (s *sts) caller(secretID string) identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.identities[secretID]; ok {
		return found
	}
	account := s.options.AccountID
	return identity{
		AccountID: account, ARN: "qcs::cam::uin/" + account + ":uin/" + account,
		UserID: account, PrincipalID: account, Type: "CAMUser",
	}
}

// issue returns temporary credentials, which both services accept with their token
// until they expire.
func (s *sts) issue(seconds int64, who identity) respond {
	return func([]Fault, int64) []byte {
		life := time.Duration(seconds) * time.Second
		if most := s.options.MaxDuration; most > 0 {
			life = min(life, most)
		}
		// The service has whole seconds.
		expires := s.now().Add(life).Truncate(time.Second)
		made := temporaryKeys{Token: rand.Text() + rand.Text(), TmpSecretId: "AKIDtemporary" + rand.Text(), TmpSecretKey: rand.Text()}
		s.keys.add(made.TmpSecretId, key{made.TmpSecretKey, made.Token, expires})
		s.mu.Lock()
		s.identities[made.TmpSecretId] = who
		s.mu.Unlock()
		return appendField(appendField(appendField(nil,
			"Credentials", made),
			"ExpiredTime", expires.Unix()),
			"Expiration", expires.UTC().Format(time.RFC3339))
	}
}

type temporaryKeys struct {
	Token        string
	TmpSecretId  string
	TmpSecretKey string
}

// appendField appends a field of a Response and a comma.
func appendField(to []byte, name string, value any) []byte {
	raw, _ := json.Marshal(value)
	to = append(to, `"`+name+`":`...)
	return append(append(to, raw...), ',')
}
