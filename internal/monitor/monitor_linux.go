package monitor

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// Slack is how much later than it wants the monitor may wake.
const Slack = time.Millisecond

// Relax lets the monitor of this process wake later. Where the kernel does not allow that, all stays as it is, and
// the error says why.
func Relax() error {
	tid, err := thread()
	if err != nil {
		return err
	}
	return os.WriteFile(slackOf(tid), strconv.AppendInt(nil, Slack.Nanoseconds(), 10), 0)
}

// slackOf is the kernel's file with a thread's slack in nanoseconds.
func slackOf(tid int) string { return fmt.Sprintf("/proc/%d/timerslack_ns", tid) }

// thread is the monitor's: the first that the runtime makes. The kernel lists threads in the order in which they were made.
func thread() (tid int, err error) {
	dir, err := os.Open("/proc/self/task")
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(2)
	if err != nil {
		return 0, err
	}
	if len(names) < 2 || names[0] != strconv.Itoa(os.Getpid()) {
		return 0, fmt.Errorf("%s does not begin with the first thread and the monitor's: %q", dir.Name(), names)
	}
	return strconv.Atoi(names[1])
}
