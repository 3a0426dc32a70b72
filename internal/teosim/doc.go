// Package teosim is a simulated Tencent Cloud EdgeOne (TEO) for tests, the
// demo and benchmarks: the API of its offline logs in both versions, and the
// downloads of the log packages behind signed URLs.
//
// It is stateful and meant to be as strict as the real service. It verifies
// TC3-HMAC-SHA256 signatures with code of its own (never with a client's SDK,
// whose mistakes it would share), bounds timestamps, refuses unknown and
// missing parameters, enforces rate limits and records every request. What the
// real service is known, or feared, to do wrong is a named fault: see
// [FaultName].
//
// Where Tencent documents nothing (does the first page have number 0 or 1, how
// large may a page be) the behaviour is an option, so that a client can be
// proved against each possibility.
package teosim
