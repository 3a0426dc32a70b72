package bucket

import (
	"errors"
	"io/fs"
	"syscall"
	"time"
)

// systemCall names a call to the file system of a folder.
type systemCall string

const (
	callStat    systemCall = "stat" // of the folder itself
	callLstat   systemCall = "lstat"
	callReadDir systemCall = "readdir"
	callOpen    systemCall = "open"
	callCreate  systemCall = "create"
	callMkdir   systemCall = "mkdir"
	callWrite   systemCall = "write"
	callClose   systemCall = "close"
	callSync    systemCall = "fsync"
	callSyncFS  systemCall = "syncfs"
	callLink    systemCall = "link"
	callMove    systemCall = "renameat2" // with RENAME_NOREPLACE, or its like
	callRename  systemCall = "rename"
	callRemove  systemCall = "unlink"
)

// meaning is what an error number says about a system call.
type meaning int

const (
	fatal   meaning = iota
	absent          // there is no such file
	again           // the same call may succeed
	lacking         // the file system does not have the call
	refused         // the file may not be removed
)

// errorNumbers says what the error numbers that NFS, SMB and FUSE return mean for
// each call; EOPNOTSUPP and ENOSYS always mean that it is lacking. What is not listed
// is fatal, such as a full disk or an input/output error. A failed fsync is never repeated: the kernel reports a write that it has
// lost only once.
//
// ESTALE: an NFS server has replaced a file whose handle the client kept; the
// next call looks the name up again. EBUSY, ETXTBSY and EAGAIN: another SMB or NFS
// client holds the file open. EINTR: a FUSE or SMB server was interrupted.
// Servers lack links in many ways: EPERM (FAT, exFAT), EOPNOTSUPP (SMB without
// extensions), ENOSYS (FUSE), EMLINK (a limit of 1), EXDEV (MergerFS, quota
// trees), EINVAL and EIO (FUSE gateways to object storage), ENOENT (a gateway
// that does not show the temporary file). They lack a renameat2 that keeps a file in
// the same ways, except that EIO is then an error of the disk.
var errorNumbers = map[systemCall]map[syscall.Errno]meaning{
	callStat:    {syscall.ENOENT: absent},
	callLstat:   {syscall.ENOENT: absent, syscall.ENOTDIR: absent, syscall.ESTALE: again, syscall.EINTR: again, syscall.EAGAIN: again},
	callOpen:    {syscall.ENOENT: absent, syscall.ENOTDIR: absent, syscall.ESTALE: again, syscall.EINTR: again, syscall.EAGAIN: again, syscall.EBUSY: again, syscall.ETXTBSY: again},
	callReadDir: {syscall.ENOENT: absent, syscall.ENOTDIR: absent, syscall.ESTALE: again, syscall.EINTR: again, syscall.EAGAIN: again},
	callCreate:  {syscall.ENOENT: absent, syscall.ESTALE: again, syscall.EINTR: again, syscall.EAGAIN: again, syscall.EBUSY: again},
	callMkdir:   {syscall.ENOENT: absent, syscall.ESTALE: again, syscall.EINTR: again, syscall.EAGAIN: again, syscall.EBUSY: again},
	callSync:    {syscall.EINVAL: lacking},
	callLink: {
		syscall.EPERM: lacking, syscall.EACCES: lacking,
		syscall.EINVAL: lacking, syscall.EMLINK: lacking, syscall.EXDEV: lacking, syscall.EIO: lacking, syscall.ENOENT: absent,
		syscall.ESTALE: again, syscall.EINTR: again, syscall.EAGAIN: again, syscall.EBUSY: again,
	},
	callMove: {
		syscall.EPERM: lacking, syscall.EACCES: lacking,
		syscall.EINVAL: lacking, syscall.EXDEV: lacking, syscall.ENOENT: absent,
		syscall.ESTALE: again, syscall.EINTR: again, syscall.EAGAIN: again, syscall.EBUSY: again,
	},
	callRename: {syscall.ENOENT: absent, syscall.ESTALE: again, syscall.EINTR: again, syscall.EAGAIN: again, syscall.EBUSY: again, syscall.ETXTBSY: again},
	callRemove: {
		syscall.ENOENT: absent, syscall.ENOTDIR: absent, syscall.EROFS: refused,
		syscall.ESTALE: again, syscall.EINTR: again, syscall.EAGAIN: again, syscall.EBUSY: again, syscall.ETXTBSY: again,
	},
}

func (c systemCall) meaning(err error) meaning {
	number, ok := errors.AsType[syscall.Errno](err)
	switch {
	case errors.Is(err, errors.ErrUnsupported): // EOPNOTSUPP, ENOTSUP and ENOSYS
		return lacking
	case errors.Is(err, fs.ErrNotExist):
		number = syscall.ENOENT // whatever the number of this system is
	case !ok:
		return fatal
	}
	if m, ok := errorNumbers[c][number]; ok {
		return m
	}
	return systemMeaning(c, number)
}

// systemError is the error of a system call, with what it means.
type systemError struct {
	meaning
	err error
}

func (e *systemError) Error() string { return e.err.Error() }

func (e *systemError) Unwrap() error { return e.err }

// Is makes the meaning of an error number count, whatever the number.
func (e *systemError) Is(target error) bool {
	switch e.meaning {
	case absent:
		return target == fs.ErrNotExist
	case lacking:
		return target == errors.ErrUnsupported
	case refused:
		return target == ErrDenied
	}
	return false
}

// maxCalls is how often a call is tried whose error number means that it may
// succeed the next time.
const maxCalls = 5

// system makes a system call on a path of the folder, and repeats it where its
// error number says so.
func system[T any](f *folder, call systemCall, path string, run func() (T, error)) (T, error) {
	for n := 1; ; n++ {
		var result T
		var err error
		if f.fault != nil {
			err = f.fault(call, path)
		}
		if err == nil {
			result, err = run()
		}
		if err == nil {
			return result, nil
		}
		m := call.meaning(err)
		if m == again && n < maxCalls {
			time.Sleep(time.Millisecond << (2 * n)) // 4 to 256 ms
			continue
		}
		return result, &systemError{m, pathless(err)}
	}
}

// systemDo is system for a call without a result.
func systemDo(f *folder, call systemCall, path string, run func() error) error {
	_, err := system(f, call, path, func() (struct{}, error) { return struct{}{}, run() })
	return err
}
