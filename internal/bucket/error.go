package bucket

// Error says what could not be done at a destination. It holds nothing secret.
type Error struct {
	// Destination is scheme, host, path and prefix.
	Destination string

	// Op is what was attempted, such as "write"; Key is the object, if any.
	Op, Key string

	Err error
}

// Error names the destination, what was attempted, the cause and, where it is
// known, what to do.
func (e *Error) Error() string {
	text := e.Destination + ": cannot " + e.Op
	if e.Key != "" {
		text += " " + e.Key
	}
	return text + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Permanent reports whether every other write to the destination would fail too:
// access is denied, the disk is full, the credentials have expired.
func (e *Error) Permanent() bool { panic("not implemented") }
