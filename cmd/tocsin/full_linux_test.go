package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"tocsin/internal/trial"
	"tocsin/shared/client"
	"tocsin/shared/smn"
)

// limitFiles bounds the size of files that a process can write, as a full disk
// would.
func limitFiles(t *testing.T, pid int, bytes uint64) {
	t.Helper()
	limit := syscall.Rlimit{Cur: bytes, Max: ^uint64(0)}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	require.Zero(t, errno)
}

// TestDiskFullUnderLoad: the real program finds no room any more, has it again, and
// is killed. Every message that was acknowledged arrives.
func TestDiskFullUnderLoad(t *testing.T) {
	sink := trial.NewSink()
	t.Cleanup(func() { require.NoError(t, sink.Close()) })
	url, err := sink.Listen(t.Context())
	require.NoError(t, err)
	data := t.TempDir()
	p := launch(t, data)
	c := localClient(t, p)
	endpoint := trial.Endpoint{Behaviour: trial.Good, Number: 1}
	topic, err := trial.Subscribe(t.Context(), c, "full", url, []trial.Endpoint{endpoint})
	require.NoError(t, err)
	eventually(t, "the confirmation", func() bool {
		n, err := trial.Confirmed(t.Context(), c, topic.URN)
		return err == nil && n == 1
	})
	var kept []string
	publish := func() error {
		id, err := c.Publish(t.Context(), smn.PublishInput{TopicURN: topic.URN, Message: strings.Repeat("x", 50_000)})
		if err == nil {
			kept = append(kept, id)
		}
		return err
	}
	require.NoError(t, publish())
	var size uint64
	for _, name := range []string{"tocsin.db", "tocsin.db-wal"} {
		info, err := os.Stat(filepath.Join(data, name))
		require.NoError(t, err)
		size = max(size, uint64(info.Size()))
	}
	for round := range 3 {
		limitFiles(t, p.PID, size+uint64(round+1)<<20)
		for err = publish(); err == nil; err = publish() {
			require.Less(t, len(kept), 1000, "the disk is never full")
		}
		require.Equal(t, smn.Overloaded, smn.CodeOf(err), err)
		var answer *client.Answer
		require.ErrorAs(t, err, &answer)
		require.Contains(t, fmt.Sprint(err), "disk of the service is full")
		_, err = c.GetTopic(t.Context(), smn.TopicInput{TopicURN: topic.URN})
		require.NoError(t, err, "what is there can be read")
	}
	limitFiles(t, p.PID, ^uint64(0))
	require.NoError(t, publish(), "there is room again")
	limitFiles(t, p.PID, size)
	p.Kill()
	p = launch(t, data)
	c = localClient(t, p)
	require.NoError(t, publish())
	eventually(t, "every acknowledged message to arrive", func() bool {
		for _, id := range kept {
			if !sink.Has(id, endpoint) {
				return false
			}
		}
		return true
	})
}

// asNobody lets a command run as a user who may do nothing, when the tests run as
// one who may do everything.
func asNobody(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Geteuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// TestFolderThatCannotBeWritten: each fault is an error that names the file and
// says what to do, and leaves everything as it is.
func TestFolderThatCannotBeWritten(t *testing.T) {
	path, err := binary()
	require.NoError(t, err)
	base := t.TempDir()
	for _, dir := range []string{base, filepath.Dir(base), filepath.Dir(path)} {
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	if out, err := asNobody(t, exec.Command(path, "version")).CombinedOutput(); err != nil {
		t.Skipf("another user cannot run programs from here: %v %s", err, out)
	}
	whole := filepath.Join(base, "whole")
	require.NoError(t, launch(t, whole).Interrupt())

	for name, c := range map[string]struct {
		mode map[string]os.FileMode // by file
		want string
	}{
		"the folder":         {map[string]os.FileMode{".": 0o555, "lock": 0o666, "tocsin.db": 0o666}, "tocsin.db"},
		"the lock":           {map[string]os.FileMode{".": 0o777, "lock": 0o444, "tocsin.db": 0o666}, "lock"},
		"the database":       {map[string]os.FileMode{".": 0o777, "lock": 0o666, "tocsin.db": 0o444}, "tocsin.db"},
		"it cannot be read":  {map[string]os.FileMode{".": 0o777, "lock": 0o666, "tocsin.db": 0o000}, "tocsin.db"},
		"a folder of others": {map[string]os.FileMode{".": 0o700}, "lock"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(base, strings.ReplaceAll(name, " ", "-"))
			require.NoError(t, os.CopyFS(dir, os.DirFS(whole)))
			for file, mode := range c.mode {
				require.NoError(t, os.Chmod(filepath.Join(dir, file), mode))
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			out, err := asNobody(t, exec.CommandContext(ctx, path, "serve", "-addr", "127.0.0.1:0", "-data", dir)).CombinedOutput()
			require.Error(t, err)
			require.NoError(t, ctx.Err(), string(out))
			require.Contains(t, string(out), c.want)
			require.Contains(t, string(out), "give the data folder")
		})
	}
}
