package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// fileWriter writes a file among the unfinished writes.
type fileWriter struct {
	*folder
	ctx     context.Context // that of Create, which covers the write
	file    *os.File
	temp    string // the path of file
	local   string // where it is published
	key     string
	options WriteOptions
	err     error // of a Write
}

func (f *folder) Create(ctx context.Context, key string, options WriteOptions) (Writer, error) {
	local, err := f.begin(ctx, "write", key)
	if err != nil {
		return nil, err
	}
	if options.Lock.Mode != "" {
		return nil, f.failed(ctx, "write", key, errors.New("files cannot be locked; retention needs an s3 or cos destination"))
	}
	dir, err := f.local(f.temp)
	if err != nil {
		return nil, f.failed(ctx, "write", key, err)
	}
	w := &fileWriter{folder: f, ctx: ctx, temp: filepath.Join(dir, fmt.Sprintf("%016x", rand.Uint64())), local: local, key: key, options: options}
	err = f.within(dir, func() error {
		var err error
		w.file, err = system(f, callCreate, w.temp, func() (*os.File, error) {
			return f.root.OpenFile(w.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.fileMode)
		})
		return err
	})
	if err != nil {
		return nil, f.failed(ctx, "write", key, err)
	}
	return w, nil
}

// within does something in a folder, which is created where it does not exist. A
// concurrent Remove may remove the folder again while it is empty. The folder of
// the destination is never created here: it may be an unmounted disk.
func (f *folder) within(dir string, do func() error) error {
	var err error
	for range 100 {
		if err = do(); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if f.missing() {
			return ErrNotMounted
		}
		made := systemDo(f, callMkdir, dir, func() error { return f.root.MkdirAll(dir, f.dirMode) })
		if made != nil && !errors.Is(made, fs.ErrNotExist) && !errors.Is(made, fs.ErrExist) {
			return made
		}
	}
	return err
}

func (w *fileWriter) Write(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	n, err := system(w.folder, callWrite, w.temp, func() (int, error) { return w.file.Write(p) })
	if err != nil {
		w.err = w.failed(w.ctx, "write", w.key, err)
	}
	return n, w.err
}

func (w *fileWriter) Commit() error {
	if w.ctx.Err() != nil {
		w.err = context.Cause(w.ctx)
	}
	if w.err != nil {
		w.Abort()
		return w.err
	}
	var err error
	if w.options.Durable {
		err = w.flush(w.file, w.temp)
	}
	// A network file system may report a full disk only here.
	if err = errors.Join(err, systemDo(w.folder, callClose, w.temp, w.file.Close)); err == nil {
		err = w.publish()
	}
	if err != nil {
		_ = w.root.Remove(w.temp)
	}
	return w.failed(w.ctx, "write", w.key, err)
}

func (w *fileWriter) Abort() {
	_ = w.file.Close()
	_ = w.root.Remove(w.temp)
}

// publish moves the file to its name. A name that exists is left alone by link
// and renameat2, of which a file system may lack either. A rename shows whether it
// does, or what else is wrong.
func (w *fileWriter) publish() error {
	dir := filepath.Dir(w.local)
	rename := func() error {
		err := systemDo(w.folder, callRename, w.local, func() error { return w.root.Rename(w.temp, w.local) })
		if errors.Is(err, syscall.EXDEV) {
			err = fmt.Errorf("it cannot be moved from %s, where unfinished files are: both folders must be on one file system and in one quota: %w", filepath.Dir(w.temp), err)
		}
		return err
	}
	if !w.options.IfAbsent {
		return w.within(dir, rename)
	}
	keep := func(call systemCall, do func(root *os.Root, from, to string) error) error {
		tries := 0
		return w.within(dir, func() error {
			tries++
			err := systemDo(w.folder, call, w.local, func() error { return do(w.root, w.temp, w.local) })
			if errors.Is(err, fs.ErrNotExist) && tries > 3 && w.hidden(dir) {
				return errors.ErrUnsupported
			}
			return err
		})
	}
	err := keep(callLink, (*os.Root).Link)
	if errors.Is(err, errors.ErrUnsupported) {
		err = keep(callMove, moveNoReplace)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		if _, err := w.lstat(w.local); err == nil {
			return ErrExist
		}
		if err := w.within(dir, rename); err != nil {
			return err
		}
		w.warn("the file system has neither hard links nor a rename that keeps an existing file: run one apply at a time, because two at once can replace each other's files")
		return nil
	}
	if err == nil || errors.Is(err, fs.ErrExist) && w.published() {
		_ = w.root.Remove(w.temp) // Sweep removes what remains
		return nil
	}
	return err
}

// hidden reports whether both the file and the folder where it belongs exist,
// although a link says that one of them does not.
func (w *fileWriter) hidden(dir string) bool {
	_, errFile := w.lstat(w.temp)
	_, errDir := w.lstat(dir)
	return errFile == nil && errDir == nil
}

// published reports whether the name is this file. The response to a link that
// took effect can be lost on the way from a network file system, and the request
// repeated.
func (w *fileWriter) published() bool {
	a, errA := w.lstat(w.temp)
	b, errB := w.lstat(w.local)
	return errA == nil && errB == nil && os.SameFile(a, b)
}
