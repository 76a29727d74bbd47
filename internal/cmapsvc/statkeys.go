package cmapsvc

import (
	"fmt"
	"sync"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// field is one figure of a T.
type field[T any] struct {
	name string
	typ  icmap.Type
	get  func(*T) icmap.Value
}

func u64[T any](name string, get func(*T) uint64) field[T] {
	return field[T]{name, icmap.TypeUint64, func(t *T) icmap.Value { return icmap.Uint64(get(t)) }}
}

func u32[T any](name string, get func(*T) uint32) field[T] {
	return field[T]{name, icmap.TypeUint32, func(t *T) icmap.Value { return icmap.Uint32(get(t)) }}
}

var srpKeys = sync.OnceValue(func() []field[SRPStats] {
	return []field[SRPStats]{
		u64("orf_token_tx", func(s *SRPStats) uint64 { return s.ORFTokenTx }),
		u64("orf_token_rx", func(s *SRPStats) uint64 { return s.ORFTokenRx }),
		u64("memb_merge_detect_tx", func(s *SRPStats) uint64 { return s.MembMergeDetectTx }),
		u64("memb_merge_detect_rx", func(s *SRPStats) uint64 { return s.MembMergeDetectRx }),
		u64("memb_join_tx", func(s *SRPStats) uint64 { return s.MembJoinTx }),
		u64("memb_join_rx", func(s *SRPStats) uint64 { return s.MembJoinRx }),
		u64("mcast_tx", func(s *SRPStats) uint64 { return s.McastTx }),
		u64("mcast_retx", func(s *SRPStats) uint64 { return s.McastRetx }),
		u64("mcast_rx", func(s *SRPStats) uint64 { return s.McastRx }),
		u64("memb_commit_token_tx", func(s *SRPStats) uint64 { return s.MembCommitTokenTx }),
		u64("memb_commit_token_rx", func(s *SRPStats) uint64 { return s.MembCommitTokenRx }),
		u64("token_hold_cancel_tx", func(s *SRPStats) uint64 { return s.TokenHoldCancelTx }),
		u64("token_hold_cancel_rx", func(s *SRPStats) uint64 { return s.TokenHoldCancelRx }),
		u64("operational_entered", func(s *SRPStats) uint64 { return s.OperationalEntered }),
		u64("operational_token_lost", func(s *SRPStats) uint64 { return s.OperationalTokenLost }),
		u64("gather_entered", func(s *SRPStats) uint64 { return s.GatherEntered }),
		u64("gather_token_lost", func(s *SRPStats) uint64 { return s.GatherTokenLost }),
		u64("commit_entered", func(s *SRPStats) uint64 { return s.CommitEntered }),
		u64("commit_token_lost", func(s *SRPStats) uint64 { return s.CommitTokenLost }),
		u64("recovery_entered", func(s *SRPStats) uint64 { return s.RecoveryEntered }),
		u64("recovery_token_lost", func(s *SRPStats) uint64 { return s.RecoveryTokenLost }),
		u64("consensus_timeouts", func(s *SRPStats) uint64 { return s.ConsensusTimeouts }),
		u64("rx_msg_dropped", func(s *SRPStats) uint64 { return s.RxMsgDropped }),
		u64("time_since_token_last_received", func(s *SRPStats) uint64 { return s.TimeSinceTokenLastReceived }),
		u32("continuous_gather", func(s *SRPStats) uint32 { return s.ContinuousGather }),
		u32("continuous_sendmsg_failures", func(s *SRPStats) uint32 { return s.ContinuousSendmsgFailures }),
		{"firewall_enabled_or_nic_failure", icmap.TypeUint8, func(s *SRPStats) icmap.Value {
			return icmap.Uint8(uint8(bit(s.FirewallEnabledOrNICFailure)))
		}},
		u32("mtt_rx_token", func(s *SRPStats) uint32 { return s.MTTRxToken }),
		u32("avg_token_workload", func(s *SRPStats) uint32 { return s.AvgTokenWorkload }),
		u32("avg_backlog_calc", func(s *SRPStats) uint32 { return s.AvgBacklogCalc }),
	}
})

var pgKeys = sync.OnceValue(func() []field[PGStats] {
	return []field[PGStats]{
		u32("msg_queue_avail", func(s *PGStats) uint32 { return s.MsgQueueAvail }),
		u32("msg_reserved", func(s *PGStats) uint32 { return s.MsgReserved }),
	}
})

var connKeys = sync.OnceValue(func() []field[ConnStats] {
	return []field[ConnStats]{
		{"queueing", icmap.TypeInt32, func(s *ConnStats) icmap.Value { return icmap.Int32(int32(bit(s.Queueing))) }},
		u32("queued", func(s *ConnStats) uint32 { return s.Queued }),
		u64("invalid_request", func(s *ConnStats) uint64 { return s.InvalidRequest }),
		u64("overload", func(s *ConnStats) uint64 { return s.Overload }),
		u32("sent", func(s *ConnStats) uint32 { return s.Sent }),
		{"procname", icmap.TypeString, func(s *ConnStats) icmap.Value { return icmap.String(s.ProcName) }},
		u64("requests", func(s *ConnStats) uint64 { return s.Requests }),
		u64("responses", func(s *ConnStats) uint64 { return s.Responses }),
		u64("dispatched", func(s *ConnStats) uint64 { return s.Dispatched }),
		u64("send_retries", func(s *ConnStats) uint64 { return s.SendRetries }),
		u64("recv_retries", func(s *ConnStats) uint64 { return s.RecvRetries }),
		u32("flow_control", func(s *ConnStats) uint32 { return s.FlowControl }),
		u64("flow_control_count", func(s *ConnStats) uint64 { return s.FlowControlCount }),
	}
})

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// connPrefix begins the keys of a connection. The reference has an address in
// it, which to readers is just a mark.
func connPrefix(id service.ID, pid int, serial uint64) string {
	return fmt.Sprintf("stats.ipcs.service%d.%d.%#x.", int(id), pid, serial)
}
