// Package tcapi calls actions of Tencent Cloud's API 3.0. A call waits for a rate
// limiter, is signed with TC3-HMAC-SHA256, checks that the response comes from the
// API, is retried if a retry can help, and fails with one type of error.
//
// The official SDK's common module signs the requests. Its retries, credentials,
// region breaker and decoding are not used: they lose the HTTP status, follow
// redirects with the token, wait without the context and put complete bodies
// into errors.
package tcapi
