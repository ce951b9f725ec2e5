// Package demo shows the main job from end to end against a service that runs:
// subscribe, confirm, publish, receive. It is the same for the binary and for the
// functions.
package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"tocsin/events"
	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// patience is how long the demo waits for something to arrive, which takes milliseconds
// but on a machine that is busy with much else.
const patience = 30 * time.Second

// Config is what a demo is made of.
type Config struct {
	URL        string // of the service
	Credential client.Credential

	// Mails gives the mails that the service has sent so far.
	Mails func(ctx context.Context) ([]Mail, error)
	// Notify gives the function notify an event, and tells the id of the message that
	// it has published to a topic.
	Notify func(ctx context.Context, service smn.Service, topicURN string, event []byte) (messageID string, err error)
}

// Mail is a mail that was sent.
type Mail struct {
	To      string
	Subject string
	Link    string // to confirm; empty for none
}

// demo is one run of it.
type demo struct {
	Config
	trace    *trace
	service  *client.Client
	receiver *receiver
	topic    string
}

// Run does the main job step by step and prints what comes of it. It fails unless
// every step was really seen.
func Run(ctx context.Context, c Config) error {
	d := &demo{Config: c, trace: &trace{}}
	var err error
	if d.receiver, err = startReceiver(ctx, c.URL); err != nil {
		return err
	}
	defer d.receiver.close()
	d.service, err = client.New(client.Config{Endpoint: c.URL, Credential: c.Credential, Transport: d.trace})
	if err != nil {
		return err
	}
	fmt.Printf("Tocsin listens on %s, a webhook receiver on %s\n\n", c.URL, d.receiver.url)
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
	out, err := d.service.Subscribe(ctx, smn.SubscribeInput{
		TopicURN:        d.topic,
		NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: address},
	})
	if err != nil {
		return fmt.Errorf("subscribe mail: %w", err)
	}
	d.say("subscribe an e-mail address", out.URN)
	mail, err := d.mail(ctx, func(m Mail) bool { return m.Link != "" })
	if err != nil {
		return err
	}
	for _, press := range []struct{ method, deed string }{{http.MethodGet, "open the page"}, {http.MethodPost, "press its button"}} {
		if _, err := Fetch(ctx, press.method, mail.Link); err != nil {
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
	page, err := Await(ctx, "both subscriptions to be confirmed", confirmed)
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
	id, err := d.Notify(ctx, d.service, d.topic, event)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	if seen := d.trace.take(); len(seen) > 0 {
		say("an alarm event goes through notify", seen[len(seen)-1], "message "+id)
	} else {
		fmt.Printf("an alarm event goes through notify: message %s\n", id)
	}
	return d.arrives(ctx, id)
}

// arrives sees a message at the receiver and as a mail.
func (d *demo) arrives(ctx context.Context, id string) error {
	push, err := d.receiver.next(ctx, wire.TypeNotification)
	if err != nil {
		return err
	}
	if push.MessageID != id {
		return fmt.Errorf("the receiver got message %s instead of %s", push.MessageID, id)
	}
	fmt.Printf("  receiver: signature is good: %q, %q\n", push.Subject, firstLine(push.Message))
	_, err = d.mail(ctx, func(m Mail) bool { return m.Subject == push.Subject })
	return err
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

// address is where mails go to.
const address = "ops@example.com"

// mail waits for a mail.
func (d *demo) mail(ctx context.Context, wanted func(Mail) bool) (Mail, error) {
	return Await(ctx, "a mail", func() (Mail, bool, error) {
		mails, err := d.Mails(ctx)
		for _, m := range mails {
			if m.To == address && wanted(m) {
				fmt.Printf("  mail: %q to %s\n", m.Subject, m.To)
				return m, true, nil
			}
		}
		return Mail{}, false, err
	})
}

// Await looks again and again until something is there.
func Await[T any](ctx context.Context, what string, look func() (T, bool, error)) (T, error) {
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

// Fetch does a plain request, as a browser or a receiver would.
func Fetch(ctx context.Context, method, url string) ([]byte, error) {
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
