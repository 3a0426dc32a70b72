// Package tcapi calls actions of Tencent Cloud's API 3.0. A call waits for a rate
// limiter, is signed with TC3-HMAC-SHA256, checks that the response comes from the
// API, is retried if a retry can help, and fails with one type of error.
package tcapi
