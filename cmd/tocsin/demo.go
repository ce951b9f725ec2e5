package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"tocsin/internal/demo"
	"tocsin/shared/client"
	"tocsin/shared/lambdaapp"
	"tocsin/shared/smn"
)

type demoCommand struct {
	settings
	MNS bool `help:"Show the guide of Alibaba MNS topics instead."`
}

// Run shows the main job against a service of its own, on a free loopback port
// with a store that is thrown away. It fails unless every step was really seen.
func (c *demoCommand) Run(ctx context.Context) error {
	began := time.Now()
	dir, err := os.MkdirTemp("", "tocsin-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c.addr, c.data, c.waysOut = "127.0.0.1:0", dir, waysOut{} // what it sends is only looked at
	if c.MNS {
		c.ProjectID = guideProject
	}
	h, err := openHouse(ctx, c.settings, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- h.serve(serving) }()

	if c.MNS {
		err = h.demoMNS(ctx)
	} else {
		err = h.demo(ctx)
	}
	stop()
	if err = errors.Join(err, <-served); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	fmt.Printf("\nEvery step was seen, in %.1f s.\n", time.Since(began).Seconds())
	return nil
}

func (h *house) demo(ctx context.Context) error {
	return demo.Run(ctx, demo.Config{
		URL: h.settings.PublicURL,
		Credential: client.Password{
			Domain: h.settings.Domain, User: h.settings.User, Password: h.settings.Password, Project: h.settings.ProjectName,
		},
		Mails:  h.demoMails,
		Notify: demoNotify,
	})
}

// demoMails gives the mails in the outbox.
func (h *house) demoMails(ctx context.Context) (mails []demo.Mail, err error) {
	body, err := demo.Fetch(ctx, http.MethodGet, h.settings.PublicURL+"/_local/outbox")
	if err != nil {
		return nil, err
	}
	var box struct {
		Mails []mailJSON `json:"mails"`
	}
	err = json.Unmarshal(body, &box)
	for _, m := range box.Mails {
		mails = append(mails, demo.Mail{To: m.To, Subject: m.Subject, Link: m.SubscribeURL})
	}
	return mails, err
}

// demoNotify does what the function notify does.
func demoNotify(ctx context.Context, service smn.Service, topicURN string, event []byte) (string, error) {
	result, err := lambdaapp.NotifyHandler(service, lambdaapp.NotifyTopics{Default: topicURN})(ctx, event)
	return result.MessageID, err
}
