package post

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// writer carries attempts over HTTP/1.1 in the goroutine that asks for it: one
// write, one read, no hand-over. Go's transport has two goroutines for each
// connection, and what passes between them costs as much as all the rest.
type writer struct {
	dialer *net.Dialer
	tls    *tls.Config
	idle   pool
}

func newWriter(dialer *net.Dialer, trust *tls.Config, idlePerHost int) *writer {
	config := trust.Clone()
	config.NextProtos = []string{"http/1.1"}
	config.ClientSessionCache = tls.NewLRUClientSessionCache(idleInAll)
	return &writer{
		dialer: dialer,
		tls:    config,
		idle:   pool{perPlace: idlePerHost, inAll: max(idleInAll, idlePerHost), patience: idleTimeout},
	}
}

func (w *writer) close() { w.idle.close() }

func (w *writer) carry(ctx context.Context, a attempt) (answer, error) {
	for c := w.idle.take(a.place()); c != nil; c = w.idle.take(a.place()) {
		if c.socket.limit(a.deadline) != nil || !c.isQuiet() {
			c.close()
			continue
		}
		got, err := w.exchange(ctx, c, &a)
		if err != nil && !c.heard && ctx.Err() == nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			break // the peer has just closed it; it has not read the request, or will bear it twice
		}
		return got, err
	}
	c, err := w.dial(ctx, &a)
	if err != nil {
		return answer{}, err
	}
	return w.exchange(ctx, c, &a)
}

// exchange makes the attempt over a connection, and keeps or closes it.
func (w *writer) exchange(ctx context.Context, c *conn, a *attempt) (answer, error) {
	stop := func() bool { return true }
	if ctx.Done() != nil {
		stop = context.AfterFunc(ctx, func() { _ = c.socket.SetDeadline(time.Unix(1, 0)) })
	}
	got, keep, err := c.exchange(a)
	if stop() && keep {
		w.idle.put(c)
	} else {
		c.close()
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return got, err
}

// dial opens a connection.
func (w *writer) dial(ctx context.Context, a *attempt) (*conn, error) {
	ctx, cancel := context.WithDeadline(ctx, a.deadline)
	defer cancel()
	dialled, err := w.dialer.DialContext(ctx, "tcp", a.address)
	if err != nil {
		return nil, err
	}
	socket, err := newSocket(dialled.(*net.TCPConn))
	if err == nil {
		err = socket.limit(a.deadline)
	}
	var stream io.ReadWriter = socket
	if err == nil && a.secure {
		config := w.tls.Clone()
		config.ServerName = a.name
		secure := tls.Client(socket, config)
		stream, err = secure, secure.HandshakeContext(ctx)
	}
	if err != nil {
		_ = dialled.Close()
		return nil, err
	}
	c := newConn(socket, stream)
	c.place = a.place()
	return c, nil
}

func (t *target) place() place { return place{secure: t.secure, address: t.address} }
