//go:build linux || darwin || freebsd

package embedded

import "syscall"

// freeBytes is how much this user can still write to the disk of a folder.
func freeBytes(dir string) (bytes uint64, ok bool) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, false
	}
	blocks := max(int64(fs.Bavail), 0) // some systems count below what is reserved
	return uint64(blocks) * uint64(fs.Bsize), true
}
