package teosim

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"time"
)

// Default credentials of a simulator. They are not valid anywhere else.
const (
	DefaultSecretID  = "AKIDsimulated0000000000000000000000"
	DefaultSecretKey = "simulatedSecretKey00000000000000"
)

// NoRateLimit, as a value of [Options.Rates], lifts the limit of an action.
const NoRateLimit = -1

// Options configure a simulator. The zero value is valid.
type Options struct {
	// SecretID, SecretKey and Token are the accepted credentials, by default
	// DefaultSecretID and DefaultSecretKey. An empty Token means permanent
	// credentials: a request with a token is then rejected with
	// AuthFailure.TokenFailure, as is a request without one if a Token is set.
	SecretID, SecretKey, Token string
	// Now is the clock of the machine and of the service: of signatures, Date
	// headers, URLs and records, not of latencies and rate limits. Default time.Now.
	Now func() time.Time
	// ServiceTime, if set, is the time of the service at the start. Its clock then
	// differs from Now, which remains the clock of signatures and of temporary
	// credentials: see [Sim.SetClock].
	ServiceTime time.Time
	// Lifecycle makes packages depend on the clock of the service. Default: every
	// package of the catalogue is listed, complete, at any time.
	Lifecycle Lifecycle
	// Listen is the address, default 127.0.0.1:0. Only loopback is allowed, because
	// plain HTTP does not protect the token.
	Listen string
	// Latency is added to each response of the API, not to downloads.
	Latency time.Duration
	// Rates are requests per second by "version/action", over a sliding window of
	// one second and per secret ID; requests above them are answered with
	// RequestLimitExceeded. They override the documented limits: 20 for
	// 2022-01-06/DownloadL7Logs and 2022-09-01/DescribeZones, 100 for
	// 2022-09-01/DownloadL7Logs, DownloadL4Logs, the analytics and KMS; 20 for
	// DescribeL4Proxy, whose limit is not documented. NoRateLimit is none.
	Rates map[string]int
	// PageBase is the number of the first page in 2022-01-06, 0 or 1. The zero
	// value means 0, so that a client that simply starts at 1 fails.
	PageBase int
	// StrictPage makes a PageNo below PageBase an InvalidParameterValue;
	// otherwise it means the first page.
	StrictPage bool
	// EchoRawPage makes a response of 2022-01-06 repeat the PageNo as it was
	// sent even if it meant the first page; otherwise the response has the number of
	// the page.
	EchoRawPage bool
	// MaxPageSize is the size to which 2022-01-06 lowers a larger PageSize, which
	// it echoes. Default 1000.
	MaxPageSize int
	// MaxLimit is the largest Limit of 2022-09-01's log actions; a larger one is
	// an InvalidParameterValue whose message names Limit. Default 300.
	MaxLimit int
	// LowerLimit makes a Limit above MaxLimit mean MaxLimit, without saying so.
	// The service is not known to do that; 2022-01-06 lowers its PageSize.
	LowerLimit bool
	// Gone, when not empty, is the error code with which every action of
	// 2022-01-06 is answered: ActionOffline, InvalidAction, NoSuchVersion or
	// UnsupportedOperation.
	Gone string
	// OldRowsWithoutArea leaves Area out of the rows of 2022-01-06, as in the
	// documentation of that version. The service added it later.
	OldRowsWithoutArea bool
	// MaxZoneIDs is the largest number of ZoneIds in a request; more are an
	// InvalidParameterValue. The real limit is not documented; sibling actions have
	// 100, which is the default.
	MaxZoneIDs int
	// EmptyWithoutZoneIDs answers a request of 2022-09-01 without ZoneIds with an
	// empty list, as the service did from 2024-05-30 on. By default it is a
	// MissingParameter, because ZoneIds is marked as required since 2026-09-11.
	EmptyWithoutZoneIDs bool
	// TimeZone is the zone of LogStartTime and LogEndTime in rows. Default UTC.
	TimeZone *time.Location
	// Undercount is how much smaller than the number of rows the TotalCount of
	// 2022-09-01 is, as in documented samples.
	Undercount int
	// AllowEmptyWindow accepts StartTime == EndTime, as in the documented sample
	// of DownloadL4Logs, and lists the packages whose slot contains that time.
	AllowEmptyWindow bool
	// URLLifetime is how long a download URL is valid, in whole seconds.
	// Default one hour.
	URLLifetime time.Duration
	// STS and Metadata issue temporary credentials.
	STS      STSOptions
	Metadata MetadataOptions
	// KMS are the keys of the simulated KMS. Default one ECDSA key, DefaultKMSKeyID in
	// DefaultKMSRegion.
	KMS []KMSKey
	// Analytics select undocumented behaviour of the analytics.
	Analytics AnalyticsOptions
	// Catalogue is the account to list. Default Demo().
	Catalogue Catalogue
}

// defaultRates are the documented limits.
func defaultRates() map[string]int {
	rates := map[string]int{}
	for _, a := range append(new(Sim).teoService().actions, new(kms).service().actions...) {
		if a.perSecond > 0 {
			rates[a.version+"/"+a.name] = a.perSecond
		}
	}
	return rates
}

func (o Options) withDefaults() (Options, error) {
	if (o.SecretID == "") != (o.SecretKey == "") {
		return o, errors.New("teosim: SecretID and SecretKey belong together")
	}
	if o.SecretID == "" {
		o.SecretID, o.SecretKey = DefaultSecretID, DefaultSecretKey
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if err := loopbackOnly(o.Listen); err != nil {
		return o, err
	}
	rates := defaultRates()
	maps.Copy(rates, o.Rates)
	for action, n := range rates {
		if n <= 0 && n != NoRateLimit {
			return o, fmt.Errorf("teosim: rate of %s is %d: want a positive number or NoRateLimit", action, n)
		}
	}
	o.Rates = rates
	if o.PageBase != 0 && o.PageBase != 1 {
		return o, fmt.Errorf("teosim: PageBase is %d: want 0 or 1", o.PageBase)
	}
	if o.MaxPageSize == 0 {
		o.MaxPageSize = 1000
	}
	if o.MaxLimit == 0 {
		o.MaxLimit = 300
	}
	if o.MaxPageSize < 0 || o.MaxLimit < 0 || o.Latency < 0 {
		return o, errors.New("teosim: MaxPageSize, MaxLimit and Latency cannot be negative")
	}
	if o.MaxZoneIDs == 0 {
		o.MaxZoneIDs = 100
	}
	if o.MaxZoneIDs < 0 || o.Undercount < 0 {
		return o, errors.New("teosim: MaxZoneIDs and Undercount cannot be negative")
	}
	if o.TimeZone == nil {
		o.TimeZone = time.UTC
	}
	if o.URLLifetime == 0 {
		o.URLLifetime = time.Hour
	}
	if o.URLLifetime < time.Second {
		return o, fmt.Errorf("teosim: URLLifetime is %s: want at least a second", o.URLLifetime)
	}
	if o.Catalogue.isEmpty() {
		o.Catalogue = Demo()
	}
	return o, nil
}

func loopbackOnly(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("teosim: listen address: %w", err)
	}
	if host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("teosim: listen address %q is not a loopback address", address)
	}
	return nil
}

// Unlimited are the Rates that lift every limit.
func Unlimited() map[string]int {
	rates := defaultRates()
	for action := range rates {
		rates[action] = NoRateLimit
	}
	return rates
}
