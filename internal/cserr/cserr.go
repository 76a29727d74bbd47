package cserr

import (
	"errors"
	"sync"
	"syscall"
)

// Code is a cs_error_t as it is on the wire.
type Code int32

// The codes of corotypes.h. 29 is not assigned.
const (
	OK                Code = 1
	Library           Code = 2
	Version           Code = 3
	Init              Code = 4
	Timeout           Code = 5
	TryAgain          Code = 6
	InvalidParam      Code = 7
	NoMemory          Code = 8
	BadHandle         Code = 9
	Busy              Code = 10
	Access            Code = 11
	NotExist          Code = 12
	NameTooLong       Code = 13
	Exist             Code = 14
	NoSpace           Code = 15
	Interrupt         Code = 16
	NameNotFound      Code = 17
	NoResources       Code = 18
	NotSupported      Code = 19
	BadOperation      Code = 20
	FailedOperation   Code = 21
	MessageError      Code = 22
	QueueFull         Code = 23
	QueueNotAvailable Code = 24
	BadFlags          Code = 25
	TooBig            Code = 26
	NoSections        Code = 27
	ContextNotFound   Code = 28
	TooManyGroups     Code = 30
	Security          Code = 100
)

var texts = sync.OnceValue(func() map[Code]string {
	return map[Code]string{
		OK:                "success",
		Library:           "CS_ERR_LIBRARY",
		Version:           "CS_ERR_VERSION",
		Init:              "CS_ERR_INIT",
		Timeout:           "CS_ERR_TIMEOUT",
		TryAgain:          "CS_ERR_TRY_AGAIN",
		InvalidParam:      "CS_ERR_INVALID_PARAM",
		NoMemory:          "CS_ERR_NO_MEMORY",
		BadHandle:         "CS_ERR_BAD_HANDLE",
		Busy:              "CS_ERR_BUSY",
		Access:            "CS_ERR_ACCESS",
		NotExist:          "CS_ERR_NOT_EXIST",
		NameTooLong:       "CS_ERR_NAME_TOO_LONG",
		Exist:             "CS_ERR_EXIST",
		NoSpace:           "CS_ERR_NO_SPACE",
		Interrupt:         "CS_ERR_INTERRUPT",
		NameNotFound:      "CS_ERR_NAME_NOT_FOUND",
		NoResources:       "CS_ERR_NO_RESOURCES",
		NotSupported:      "CS_ERR_NOT_SUPPORTED",
		BadOperation:      "CS_ERR_BAD_OPERATION",
		FailedOperation:   "CS_ERR_FAILED_OPERATION",
		MessageError:      "CS_ERR_MESSAGE_ERROR",
		QueueFull:         "CS_ERR_QUEUE_FULL",
		QueueNotAvailable: "CS_ERR_QUEUE_NOT_AVAILABLE",
		BadFlags:          "CS_ERR_BAD_FLAGS",
		TooBig:            "CS_ERR_TOO_BIG",
		NoSections:        "CS_ERR_NO_SECTIONS",
		ContextNotFound:   "CS_ERR_CONTEXT_NOT_FOUND",
		TooManyGroups:     "CS_ERR_TOO_MANY_GROUPS",
		Security:          "CS_ERR_SECURITY",
	}
})

// String is the reference's cs_strerror.
func (c Code) String() string {
	if s, ok := texts()[c]; ok {
		return s
	}
	return "unknown error"
}

// Error is String; a Code that is an error is never OK.
func (c Code) Error() string { return c.String() }

// Err returns nil for OK and the code itself for all others.
func (c Code) Err() error {
	if c == OK {
		return nil
	}
	return c
}

// Of tells the code that answers err: OK for nil, the Code that err wraps, the
// mapping of a system error number, and otherwise Library.
func Of(err error) Code {
	if err == nil {
		return OK
	}
	var c Code
	if errors.As(err, &c) {
		return c
	}
	var n syscall.Errno
	if errors.As(err, &n) {
		return FromErrno(n)
	}
	return Library
}

// FromErrno maps a system error number as qb_to_cs_error does
// (common_lib/error_conversion.c); 0 is OK, what has no mapping Library.
func FromErrno(n syscall.Errno) Code {
	switch n {
	case 0:
		return OK
	case syscall.EBADF:
		return BadHandle
	case syscall.ENOMEM:
		return NoMemory
	case syscall.ENOMSG, syscall.ENOBUFS, syscall.ETIMEDOUT, syscall.EAGAIN:
		return TryAgain
	case syscall.EBADE:
		return FailedOperation
	case syscall.ETIME:
		return Timeout
	case syscall.EINVAL:
		return InvalidParam
	case syscall.EBUSY:
		return Busy
	case syscall.EACCES:
		return Access
	case syscall.EOVERFLOW:
		return NameTooLong
	case syscall.EEXIST:
		return Exist
	case syscall.ENOSPC:
		return NoSpace
	case syscall.EINTR:
		return Interrupt
	case syscall.ENOENT, syscall.ENODEV:
		return NotExist
	case syscall.ENOSYS, syscall.ENOTSUP:
		return NotSupported
	case syscall.EBADMSG:
		return MessageError
	case syscall.EMSGSIZE, syscall.E2BIG:
		return TooBig
	}
	return Library
}
