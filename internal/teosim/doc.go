// Package teosim is a simulated Tencent Cloud EdgeOne (TEO) for tests, the demo
// and benchmarks: the API of its offline logs in both versions, STS, KMS, and
// the downloads of log packages from signed URLs.
//
// It is stateful and as strict as the real service. It verifies TC3-HMAC-SHA256
// signatures with code of its own (shared code would share its mistakes with the
// client), checks timestamps, refuses unknown and missing parameters, enforces
// rate limits and records every request. Failures of the real service, reported
// or suspected, are named faults: see [FaultName].
//
// Behaviour that Tencent does not document, such as the number of the first page
// and the maximum page size, is an option, so that a client can be tested with
// each possibility.
package teosim
