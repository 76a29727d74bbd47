// Package cfgwire holds the messages of corosync's configuration service, CFG:
// those between libcfg and the daemon (include/corosync/ipc_cfg.h, cfg.h) and
// those that the daemons exchange over the ring (exec/cfg.c). docs/wire/cfg.md
// describes them.
//
// The structures are C's: fixed size, in the sender's byte order, padding of no
// meaning. Client messages are always in this machine's order; ring messages
// say theirs outside.
package cfgwire

import (
	"bytes"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/ipcmsg"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
)

// Requests of the client library: enum req_lib_cfg_types.
const (
	ReqRingStatusGet = iota
	ReqRingReenable
	ReqKillNode
	ReqTryShutdown
	ReqReplyToShutdown
	ReqGetNodeAddrs
	ReqLocalGet
	ReqReloadConfig
	ReqReopenLogFiles
	ReqNodeStatusGet
	ReqTrackStart
	ReqTrackStop
	ReqCount
)

// Ids of responses and, TestShutdown, of the one event: enum
// res_lib_cfg_types.
const (
	ResRingStatusGet   = 0
	ResRingReenable    = 1
	ResTrackStart      = 2
	ResTrackStop       = 3
	ResKillNode        = 8
	ResTryShutdown     = 9
	ResTestShutdown    = 10
	ResGetNodeAddrs    = 11
	ResLocalGet        = 12
	ResReplyToShutdown = 13
	ResReloadConfig    = 14
	ResReopenLogFiles  = 15
	ResNodeStatusGet   = 16
)

// Messages on the ring: enum cfg_message_req_types.
const (
	ExecRingReenable = iota
	ExecKillNode
	ExecShutdown
	ExecReloadConfig
	ExecCryptoReconfig
	ExecCount
)

// Phases of a change of the encryption: cfg_message_crypto_reconfig_phase_t.
const (
	CryptoActivate = 1
	CryptoCleanup  = 2
)

// ShutdownFlag says how a shutdown is to be negotiated:
// corosync_cfg_shutdown_flags_t.
type ShutdownFlag uint32

// The flags exclude each other.
const (
	ShutdownRequest    ShutdownFlag = iota // a tracker may refuse
	ShutdownRegardless                     // trackers are told and not heard
	ShutdownImmediate                      // nobody is asked
)

// Limits of the structures.
const (
	MaxInterfaces    = 16  // CFG_MAX_INTERFACES
	interfaceNameLen = 128 // CFG_INTERFACE_NAME_MAX_LEN
	interfaceStatLen = 512 // CFG_INTERFACE_STATUS_MAX_LEN
	MaxLinks         = 8   // CFG_MAX_LINKS
	maxHostLen       = 256 // CFG_MAX_HOST_LEN
	AddrLen          = 16  // TOTEMIP_ADDRLEN

	reqHeader = ipcmsg.RequestHeaderSize
)

// AppendResponse encodes a response that is only a header.
func AppendResponse(b []byte, id int, code cserr.Code) []byte {
	return ipcmsg.Sized(ipcmsg.NewResponse(b, int32(id), code))
}

// ParseResponse reads a response's header: its id and its error.
func ParseResponse(b []byte) (id int, code cserr.Code, err error) {
	h, err := ipcmsg.ParseResponseHeader(b)
	if err != nil {
		return 0, 0, fmt.Errorf("cfg response: %w", err)
	}
	return int(h.ID), h.Error, nil
}

// AppendRequest encodes a request that is only a header.
func AppendRequest(b []byte, id int) []byte {
	return ipcmsg.Sized(ipcmsg.NewRequest(b, int32(id)))
}

// ringMessage returns a reader behind the executive header of a ring message.
func ringMessage(b []byte, order mar.ByteOrder) *mar.Reader {
	r := mar.NewReader(b, order)
	r.Bytes("header", reqHeader)
	return r
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("cfg %s: %w", what, err)
	}
	return nil
}

// text reads a field of n bytes that a zero byte ends.
func text(r *mar.Reader, field string, n int) string {
	b := r.Bytes(field, n)
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return string(b[:i])
	}
	r.Fail(field, "not terminated within %d bytes", n)
	return ""
}

// cstring cuts a name of known length at the first zero byte, if it has one; the
// longest needs one.
func cstring(r *mar.Reader, field string, b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	if len(b) >= mar.NameLen {
		r.Fail(field, "not terminated within %d bytes", mar.NameLen)
	}
	return string(b)
}

// fixed writes a string into a field of n bytes, zero at its end.
func fixed(w *mar.Writer, s string, n int) {
	if len(s) > n-1 {
		s = s[:n-1]
	}
	w.Bytes([]byte(s)).Pad(n - len(s))
}
