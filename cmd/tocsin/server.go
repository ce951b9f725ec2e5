package main

import (
	"log/slog"
	"net/http"
	"time"
)

// newServer makes a server for strangers: nobody holds a connection for ever. What it
// has to complain of, which is mostly what they have said, goes to complaints.
func newServer(handler http.Handler, complaints slog.Handler) *http.Server {
	return &http.Server{
		Handler: handler,

		DisableGeneralOptionsHandler: true, // OPTIONS * is answered like any unknown route
		ReadHeaderTimeout:            10 * time.Second,
		ReadTimeout:                  30 * time.Second,
		WriteTimeout:                 60 * time.Second,
		IdleTimeout:                  120 * time.Second,
		MaxHeaderBytes:               64 << 10,
		ErrorLog:                     slog.NewLogLogger(complaints, slog.LevelWarn),
	}
}
