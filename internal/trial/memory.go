package trial

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Memory is how much of a process lies in RAM.
type Memory struct {
	Now, Peak int64 // bytes; the peak since the start or ForgetPeak
}

// Memory tells the process's memory.
func (p *Process) Memory() (Memory, error) { return MemoryOf(p.PID) }

// MemoryOf tells the memory of a process. Linux alone tells it.
func MemoryOf(pid int) (Memory, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Memory{}, fmt.Errorf("memory of a process: %w", err)
	}
	var m Memory
	for field, bytes := range map[string]*int64{"VmRSS:": &m.Now, "VmHWM:": &m.Peak} {
		if *bytes, err = kibibytes(status, field); err != nil {
			return Memory{}, err
		}
	}
	return m, nil
}

// ForgetPeak lets the peak begin anew, with what is used now.
func (p *Process) ForgetPeak() error {
	const resetPeak = "5" // see proc_pid_clear_refs(5)
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID), []byte(resetPeak), 0)
}

// kibibytes reads a line such as "VmRSS:	 5120 kB", in bytes.
func kibibytes(status []byte, field string) (int64, error) {
	for line := range bytes.Lines(status) {
		words := bytes.Fields(line)
		if len(words) != 3 || string(words[0]) != field {
			continue
		}
		n, err := strconv.ParseInt(string(words[1]), 10, 64)
		return n << 10, err
	}
	return 0, fmt.Errorf("the status of a process has no %s", field)
}
