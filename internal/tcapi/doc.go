// Package tcapi makes one call of Tencent Cloud's API 3.0, whichever service it
// belongs to: it is admitted by a rate limiter, signed with TC3-HMAC-SHA256,
// guarded against answers that are not what they seem, retried where that makes
// sense, and it fails with one type of error.
//
// The signature is made by the official SDK's common module. Everything else
// that module offers (retry, credentials, region breaker, parsing) is left off:
// it loses the HTTP status, follows redirects with the token, waits without the
// context and puts whole bodies into its errors.
package tcapi
