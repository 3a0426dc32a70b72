package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"syscall"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

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
		text += " " + printable.Text(e.Key, printable.Message)
	}
	return text + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Permanent reports whether every other write to the destination would fail too:
// access is denied, the disk is full, the credentials have expired.
func (e *Error) Permanent() bool {
	if r, ok := errors.AsType[*responseError](e.Err); ok {
		return r.permanent()
	}
	if _, ok := errors.AsType[*credentialsError](e.Err); ok {
		return true
	}
	for _, cause := range []error{
		errFolderMissing, ErrNotMounted, fs.ErrPermission, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS,
	} {
		if errors.Is(e.Err, cause) {
			return true
		}
	}
	return isDiskFull(e.Err)
}

// newError makes an *Error of err, unless it is one or the context has ended.
func newError(ctx context.Context, destination, op, key string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return &Error{Destination: destination, Op: op, Key: key, Err: err}
}

// reader makes an *Error of what goes wrong while an object is read.
type reader struct {
	io.ReadCloser
	ctx       context.Context // that of Open, which covers the read
	name, key string
	cause     func(error) error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	n, err := r.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = newError(r.ctx, r.name, "read", r.key, r.cause(err))
	}
	return n, err
}
