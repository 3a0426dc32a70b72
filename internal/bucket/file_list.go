package bucket

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// has reports whether a key is in the range.
func (r Range) has(key string) bool {
	return strings.HasPrefix(key, r.Prefix) && (r.After == "" || key > r.After) && (r.Before == "" || key < r.Before)
}

// reaches reports whether a folder, whose name ends with a slash, can contain keys
// of the range.
func (r Range) reaches(folder string) bool {
	return (strings.HasPrefix(folder, r.Prefix) || strings.HasPrefix(r.Prefix, folder)) &&
		(r.After == "" || folder > r.After || strings.HasPrefix(r.After, folder)) &&
		(r.Before == "" || folder < r.Before)
}

// folder returns the deepest folder that contains the whole prefix, with a slash at
// the end, and reports whether there can be keys in it.
func (r Range) folder() (string, bool) {
	key := r.Prefix[:strings.LastIndexByte(r.Prefix, '/')+1]
	return key, key == "" || checkKey(strings.TrimSuffix(key, "/")) == nil
}

// errStopped means that the caller of List wants no more objects.
var errStopped = errors.New("stopped")

func (f *folder) List(ctx context.Context, r Range) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		l := &fileList{folder: f, ctx: ctx, r: r, yield: yield}
		err := l.start()
		if err == nil {
			_, err = f.local("") // a folder that is gone is not an empty one
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Object{}, f.failed(ctx, "list", cmp.Or(l.at, r.Prefix), err))
		}
	}
}

// fileList is one listing of a folder.
type fileList struct {
	*folder
	ctx   context.Context //nolint:containedctx // that of List
	r     Range
	yield func(Object, error) bool
	at    string // the key that is read, for an error
}

// start walks the deepest folder that contains the whole prefix.
func (l *fileList) start() error {
	key, ok := l.r.folder()
	if !ok {
		return nil
	}
	local, err := l.local(key)
	if err != nil {
		return err
	}
	info, err := l.lstat(local)
	if err == nil && !info.IsDir() {
		return nil
	}
	var dir *os.Root
	if err == nil {
		dir, err = system(l.folder, callOpen, local, func() (*os.Root, error) { return l.root.OpenRoot(local) })
	}
	if err == nil {
		err = l.walk(dir, local, key)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// walk yields the objects in a folder, in the order of their keys, and closes it.
func (l *fileList) walk(dir *os.Root, local, key string) error {
	defer dir.Close()
	l.at = key
	entries, err := system(l.folder, callReadDir, local, func() ([]fs.DirEntry, error) {
		file, err := dir.Open(".")
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return file.ReadDir(-1)
	})
	if err != nil {
		return err
	}
	// The keys in a folder begin with its name and a slash.
	name := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(name(a), name(b)) })
	for _, entry := range entries {
		if l.ctx.Err() != nil {
			return context.Cause(l.ctx)
		}
		err := l.visit(dir, filepath.Join(local, entry.Name()), key+name(entry), entry)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // removed since the folder was read
			return err
		}
	}
	return nil
}

func (l *fileList) visit(dir *os.Root, local, key string, entry fs.DirEntry) error {
	switch {
	case entry.IsDir():
		if key == l.temp || !l.r.reaches(key) {
			return nil
		}
		l.at = key
		inner, err := system(l.folder, callOpen, local, func() (*os.Root, error) { return dir.OpenRoot(entry.Name()) })
		if err != nil {
			return err
		}
		return l.walk(inner, local, key)
	case entry.Type()&fs.ModeSymlink != 0 && (l.r.has(key) || l.r.reaches(key+"/")):
		l.at = key
		return errLink
	case !l.r.has(key):
		return nil
	}
	l.at = key
	info, err := system(l.folder, callLstat, local, func() (fs.FileInfo, error) { return dir.Lstat(entry.Name()) })
	if err != nil {
		return err
	}
	if !l.yield(Object{Key: key, Size: info.Size(), Modified: info.ModTime()}, nil) {
		return errStopped
	}
	return nil
}
