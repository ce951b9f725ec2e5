package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// side is a small server beside the API, for those who look after it.
type side struct {
	listener net.Listener
	server   *http.Server
}

// openSocket lets whoever may enter the data folder see the server's own pages. The
// API works without it, so what keeps it from opening is only logged.
func (h *house) openSocket(ctx context.Context, pages http.Handler) {
	path := filepath.Join(h.settings.data, socketFile)
	err := os.Remove(path) // of a process that was killed: the folder is ours
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var listener net.Listener
	if err == nil {
		listener, err = (&net.ListenConfig{}).Listen(ctx, "unix", path)
	}
	if err == nil {
		h.addSide(listener, pages)
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		h.log.LogAttrs(ctx, slog.LevelWarn, "no socket in the data folder: ask for the status by -url", slog.String("error", err.Error()))
	}
}

// openMetrics shows the metrics to everybody at an address of their own, if there
// is one.
func (h *house) openMetrics(ctx context.Context) error {
	if h.settings.metricsAddr == "" {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.settings.metricsAddr)
	if err != nil {
		return err
	}
	pages := http.NewServeMux()
	pages.Handle("GET /metrics", h.metrics.handler(h.log))
	h.addSide(listener, pages)
	return nil
}

func (h *house) addSide(listener net.Listener, pages http.Handler) {
	h.sides = append(h.sides, side{listener, &http.Server{
		Handler:           pages,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(h.log.Handler(), slog.LevelWarn),
	}})
}

// serve serves until close.
func (s side) serve(ctx context.Context, log *slog.Logger) {
	if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		log.LogAttrs(ctx, slog.LevelError, "serve", slog.String("address", s.listener.Addr().String()), slog.String("error", err.Error()))
	}
}

// close ends it, whether it has served or not.
func (s side) close() error {
	err := s.server.Close()
	if closed := s.listener.Close(); !errors.Is(closed, net.ErrClosed) {
		err = errors.Join(err, closed)
	}
	return err
}
