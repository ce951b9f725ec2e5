package trial

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// CPU is how much time the processor has spent on the process, to a hundredth of a
// second. Linux alone tells it.
func (p *Process) CPU() (time.Duration, error) { return CPUOf(p.PID) }

// CPUOf is the same for a process by its id.
func CPUOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("processor time of a process: %w", err)
	}
	// The name, which may have spaces, is the second field and in parentheses; user and
	// system time are the 14th and 15th.
	words := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(words) < 13 {
		return 0, errors.New("the statistics of a process are too short")
	}
	const tick = time.Second / 100 // USER_HZ, whatever the kernel's own
	var sum time.Duration
	for _, word := range words[11:13] {
		n, err := strconv.ParseInt(string(word), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("processor time of a process: %w", err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}
