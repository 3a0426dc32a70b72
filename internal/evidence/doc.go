// Package evidence makes and checks statements about a log that hold without trust
// in whoever keeps it: who signed its head (C2SP signed notes and checkpoints), when
// (RFC 3161 time-stamp tokens), and that no other history was shown to anyone else
// (C2SP witnesses).
//
// It knows no archive. A log is an origin (its name), a size, and the root hash of
// an RFC 6962 tree over its entries.
package evidence
