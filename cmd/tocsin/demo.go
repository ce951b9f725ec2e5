package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"tocsin/events"
	"tocsin/shared/client"
	"tocsin/shared/lambdaapp"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

type demoCommand struct {
	settings
}

// patience is how long the demo waits for something to arrive.
const patience = 10 * time.Second

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
	h, err := openHouse(ctx, c.settings, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- h.serve(serving) }()

	err = runDemo(ctx, h.settings)
	stop()
	if err = errors.Join(err, <-served); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	fmt.Printf("\nEvery step was seen, in %.1f s.\n", time.Since(began).Seconds())
	return nil
}

// demo is one run of it.
type demo struct {
	url      string
	trace    *trace
	service  *client.Client
	receiver *receiver
	topic    string
}

func runDemo(ctx context.Context, s settings) error {
	d := &demo{url: s.PublicURL, trace: &trace{}}
	var err error
	if d.receiver, err = startReceiver(ctx, s.PublicURL); err != nil {
		return err
	}
	defer d.receiver.close()
	d.service, err = client.New(client.Config{
		Endpoint:   s.PublicURL,
		Credential: client.Password{Domain: s.Domain, User: s.User, Password: s.Password, Project: s.ProjectName},
		Transport:  d.trace,
	})
	if err != nil {
		return err
	}
	fmt.Printf("Tocsin listens on %s, a webhook receiver on %s\n\n", s.PublicURL, d.receiver.url)
	for _, step := range []func(context.Context) error{
		d.createTopic, d.subscribeReceiver, d.subscribeMail, d.list, d.publish, d.alarm, d.deleteTopic,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// createTopic also logs in: the client does so at its first call.
func (d *demo) createTopic(ctx context.Context) error {
	out, err := d.service.CreateTopic(ctx, smn.CreateTopicInput{Name: "demo", DisplayName: "Tocsin demo"})
	if err != nil {
		return fmt.Errorf("create topic: %w", err)
	}
	d.topic = out.URN
	for _, x := range d.trace.take() {
		if x.path == "/v3/auth/tokens" {
			say("get a token", x, "valid for 24 hours")
		} else {
			say("create a topic", x, out.URN)
		}
	}
	return nil
}

func (d *demo) subscribeReceiver(ctx context.Context) error {
	out, err := d.service.Subscribe(ctx, smn.SubscribeInput{
		TopicURN:        d.topic,
		NewSubscription: smn.NewSubscription{Protocol: smn.HTTP, Endpoint: d.receiver.url, Remark: "the demo's receiver"},
	})
	if err != nil {
		return fmt.Errorf("subscribe receiver: %w", err)
	}
	d.say("subscribe the receiver", out.URN)
	push, err := d.receiver.next(ctx, wire.TypeConfirmation)
	if err != nil {
		return err
	}
	fmt.Printf("  receiver: signature of the %s is good; it follows subscribe_url\n", push.Type)
	return nil
}

func (d *demo) subscribeMail(ctx context.Context) error {
	const address = "ops@example.com"
	out, err := d.service.Subscribe(ctx, smn.SubscribeInput{
		TopicURN:        d.topic,
		NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: address},
	})
	if err != nil {
		return fmt.Errorf("subscribe mail: %w", err)
	}
	d.say("subscribe an e-mail address", out.URN)
	mail, err := d.mail(ctx, func(m mailJSON) bool { return m.To == address && m.SubscribeURL != "" })
	if err != nil {
		return err
	}
	fmt.Printf("  outbox: %q to %s\n", mail.Subject, mail.To)
	for _, press := range []struct{ method, deed string }{{http.MethodGet, "open the page"}, {http.MethodPost, "press its button"}} {
		if _, err := fetch(ctx, press.method, mail.SubscribeURL); err != nil {
			return fmt.Errorf("%s: %w", press.deed, err)
		}
		fmt.Printf("  person: %s → 200\n", press.deed)
	}
	return nil
}

func (d *demo) list(ctx context.Context) error {
	in := smn.ListSubscriptionsByTopicInput{TopicURN: d.topic}
	confirmed := func() (smn.SubscriptionPage, bool, error) {
		page, err := d.service.ListSubscriptionsByTopic(ctx, in)
		n := 0
		for _, s := range page.Subscriptions {
			if s.Status == smn.Confirmed {
				n++
			}
		}
		return page, n == 2 && page.Total == 2, err
	}
	// The receiver confirms on its own time.
	page, err := await(ctx, "both subscriptions to be confirmed", confirmed)
	if err != nil {
		return err
	}
	d.say("list the subscriptions", fmt.Sprintf("%d, all confirmed", page.Total))
	for _, s := range page.Subscriptions {
		fmt.Printf("  %-5s %s (status %d)\n", s.Protocol, s.Endpoint, s.Status)
	}
	return nil
}

func (d *demo) publish(ctx context.Context) error {
	id, err := d.service.Publish(ctx, smn.PublishInput{TopicURN: d.topic, Subject: "Disk", Message: "Disk sda1 is 91 % full."})
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	d.say("publish", "message "+id)
	return d.arrives(ctx, id)
}

func (d *demo) alarm(ctx context.Context) error {
	event, err := events.Files.ReadFile("notify-alarm.json")
	if err != nil {
		return err
	}
	result, err := lambdaapp.NotifyHandler(d.service, lambdaapp.NotifyTopics{Default: d.topic})(ctx, event)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	d.say("an alarm event goes through notify", "message "+result.MessageID)
	return d.arrives(ctx, result.MessageID)
}

// arrives sees a message at the receiver and in the outbox.
func (d *demo) arrives(ctx context.Context, id string) error {
	push, err := d.receiver.next(ctx, wire.TypeNotification)
	if err != nil {
		return err
	}
	if push.MessageID != id {
		return fmt.Errorf("the receiver got message %s instead of %s", push.MessageID, id)
	}
	fmt.Printf("  receiver: signature is good: %q, %q\n", push.Subject, firstLine(push.Message))
	mail, err := d.mail(ctx, func(m mailJSON) bool { return m.MessageID == id })
	if err != nil {
		return err
	}
	fmt.Printf("  outbox: %q to %s\n", mail.Subject, mail.To)
	return nil
}

func (d *demo) deleteTopic(ctx context.Context) error {
	if err := d.service.DeleteTopic(ctx, smn.TopicInput{TopicURN: d.topic}); err != nil {
		return fmt.Errorf("delete topic: %w", err)
	}
	d.say("delete the topic", "its subscriptions are gone, too")
	if _, err := d.service.GetTopic(ctx, smn.TopicInput{TopicURN: d.topic}); smn.CodeOf(err) != smn.TopicNotFound {
		return fmt.Errorf("the topic should be gone, but: %w", err)
	}
	return nil
}

// mail waits for a mail in the outbox.
func (d *demo) mail(ctx context.Context, wanted func(mailJSON) bool) (mailJSON, error) {
	return await(ctx, "a mail in the outbox", func() (mailJSON, bool, error) {
		body, err := fetch(ctx, http.MethodGet, d.url+"/_local/outbox")
		if err != nil {
			return mailJSON{}, false, err
		}
		var box struct {
			Mails []mailJSON `json:"mails"`
		}
		if err := json.Unmarshal(body, &box); err != nil {
			return mailJSON{}, false, err
		}
		for _, m := range box.Mails {
			if wanted(m) {
				return m, true, nil
			}
		}
		return mailJSON{}, false, nil
	})
}

// await looks again and again until something is there.
func await[T any](ctx context.Context, what string, look func() (T, bool, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("waited %s for %s", patience, what))
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		v, found, err := look()
		if found || err != nil {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// fetch does a plain request, as a browser or a receiver would.
func fetch(ctx context.Context, method, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", r.URL.Path, resp.Status)
	}
	return body, err
}
