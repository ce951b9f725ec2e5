package post_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
)

// sink answers requests in as few steps as possible, so that a benchmark measures
// who asks.
func sink(b *testing.B) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				reader := bufio.NewReader(conn)
				for {
					length := 0
					for {
						line, err := reader.ReadSlice('\n')
						if err != nil {
							return
						}
						if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
							break
						}
						if size, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
							length, _ = strconv.Atoi(string(size))
						}
					}
					if _, err := reader.Discard(length); err != nil {
						return
					}
					if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nDate: Sun, 01 Nov 2026 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n"); err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String() + "/hooks/42"
}

// BenchmarkPost is an attempt at a receiver on this machine, whose price is part
// of the result.
func BenchmarkPost(b *testing.B) {
	for _, name := range []string{"transport", "writer"} {
		for _, atOnce := range []int{64, 256} {
			b.Run(fmt.Sprint(name, "/", atOnce), func(b *testing.B) {
				p, r := ways[name].local(b, post.Config{}), request(sink(b))
				r.Header = post.Header{{"X-SMN-MESSAGE-TYPE", "Notification"}, {"X-SMN-MESSAGE-ID", "d84bd6629ef04513ad2e37bffd6e17cb"}, {"X-SMN-TOPIC-URN", "urn:smn:local:0123456789abcdef0123456789abcdef:alerts"}}
				r.Body = bytes.Repeat([]byte{'a'}, 1<<10)
				b.SetParallelism(atOnce / 2)
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if o := p.Post(b.Context(), r); o.Result != deliver.Delivered {
							b.Error(o.Reason)
							return
						}
					}
				})
			})
		}
	}
}
