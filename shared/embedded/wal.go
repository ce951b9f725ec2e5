package embedded

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// The log of a database has a header and frames; each frame is a header and a
// page. See https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
const (
	walHeader      = 32
	walFrameHeader = 24
)

// walDamage looks for damage in the middle of a log, behind which there is more
// than the one transaction that a power cut can leave half written. SQLite would go
// on without what stands there, although it was acknowledged. at is where the
// damage begins; -1 for none.
func walDamage(path string) (at int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return -1, err
	}
	defer f.Close()
	at, err = readWAL(bufio.NewReaderSize(f, 1<<20))
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // the last frame may be half written
	}
	if err != nil {
		return -1, fmt.Errorf("read %s: %w", path, err)
	}
	return at, nil
}

func readWAL(r io.Reader) (at int64, err error) {
	var header [walHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return -1, err
	}
	var order binary.ByteOrder = binary.LittleEndian
	if header[3]&1 == 1 {
		order = binary.BigEndian
	}
	var sum walSum
	sum.add(order, header[:24])
	size := int64(binary.BigEndian.Uint32(header[8:]))
	if sum != walSumAt(header[24:]) || size < 512 || size > 65536 {
		return 0, nil // an empty log is shorter, and nothing tells what it holds
	}
	at = -1
	commits := 0 // behind the damage
	frame := make([]byte, walFrameHeader+size)
	for offset := int64(walHeader); ; offset += int64(len(frame)) {
		if _, err := io.ReadFull(r, frame); err != nil {
			return -1, err
		}
		ours := [8]byte(frame[8:]) == [8]byte(header[16:]) // else an earlier round has left it
		if at < 0 {
			sum.add(order, frame[:8])
			sum.add(order, frame[walFrameHeader:])
			if ours && sum == walSumAt(frame[16:]) {
				continue
			}
			at = offset
		}
		if ours && commits > 0 {
			return at, nil
		}
		if ours && binary.BigEndian.Uint32(frame[4:]) != 0 {
			commits++
		}
	}
}

// walSum is the checksum of a log, which goes on from frame to frame.
type walSum [2]uint32

func (s *walSum) add(order binary.ByteOrder, b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		s[0] += order.Uint32(b) + s[1]
		s[1] += order.Uint32(b[4:]) + s[0]
	}
}

func walSumAt(b []byte) walSum {
	return walSum{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}
