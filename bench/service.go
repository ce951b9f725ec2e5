package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/shared/client"
	"tocsin/shared/iam"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// messageBytes is the size of each published message.
const messageBytes = 256

// account is who publishes, and where he logs in.
type account struct {
	domain, user, password string
	project                string // its name
	iamURL                 string // of the identity service; empty: the service's own
}

// ownAccount is that of a service without any settings.
var ownAccount = account{domain: "tocsin", user: "admin", password: "admin", project: "local"}

// service is the service under test, as one of its users sees it.
type service struct {
	*client.Client
	url   string
	token iam.Token
}

func logIn(ctx context.Context, url string, a account) (*service, error) {
	c, err := client.New(client.Config{
		Endpoint:    url,
		IAMEndpoint: a.iamURL,
		Credential:  client.Password{Domain: a.domain, User: a.user, Password: a.password, Project: a.project},
	})
	if err != nil {
		return nil, err
	}
	login := iam.TokenRequest{Methods: []string{iam.MethodPassword}, Project: &iam.Project{Name: a.project}}
	login.User = iam.Login{Name: a.user, Domain: iam.Domain{Name: a.domain}, Password: a.password}
	token, err := c.IssueToken(ctx, login)
	if err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	return &service{Client: c, url: strings.TrimRight(url, "/"), token: token}, nil
}

// topic makes a topic of a name that nobody has.
func (s *service) topic(ctx context.Context, name string) (urn string, err error) {
	out, err := s.CreateTopic(ctx, smn.CreateTopicInput{Name: "bench-" + name + "-" + smn.NewID()[:12]})
	return out.URN, err
}

// publishing is the request that publishes to a topic. Sent to address, it may
// also go to a server that only looks like the service.
func (s *service) publishing(address, topic string) (target, error) {
	body, err := json.Marshal(wire.PublishRequest{Message: strings.Repeat("m", messageBytes)})
	if err != nil {
		return target{}, err
	}
	header := http.Header{"Content-Type": {"application/json"}, "X-Auth-Token": {s.token.Value}}
	return newTarget(address+"/v2/"+s.token.Project.ID+"/notifications/topics/"+topic+"/publish", header, body)
}

// subscribe adds so many endpoints of a sink, which confirms them by itself, and
// waits until all are confirmed.
func (s *service) subscribe(ctx context.Context, topic, sinkURL string, n int) error {
	for first := 0; first < n; first += smn.MaxBatch {
		in := smn.SubscribeBatchInput{TopicURN: topic}
		for i := first; i < min(first+smn.MaxBatch, n); i++ {
			in.Subscriptions = append(in.Subscriptions, smn.NewSubscription{Protocol: smn.HTTP, Endpoint: sinkURL + "/" + strconv.Itoa(i)})
		}
		out, err := s.SubscribeBatch(ctx, in)
		if err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
		for _, o := range out {
			if o.Err != nil {
				return fmt.Errorf("subscribe: %w", o.Err)
			}
		}
	}
	return poll(ctx, 3*patience, fmt.Sprintf("%d subscriptions to be confirmed", n), func() (bool, error) {
		confirmed, err := s.confirmed(ctx, topic)
		return confirmed == n, err
	})
}

// confirmed counts the confirmed subscriptions of a topic.
func (s *service) confirmed(ctx context.Context, topic string) (n int, err error) {
	in := smn.ListSubscriptionsByTopicInput{TopicURN: topic}
	for {
		page, err := s.ListSubscriptionsByTopic(ctx, in)
		if err != nil {
			return n, fmt.Errorf("list subscriptions: %w", err)
		}
		for _, sub := range page.Subscriptions {
			if sub.Status == smn.Confirmed {
				n++
			}
		}
		in.Offset += len(page.Subscriptions)
		if len(page.Subscriptions) == 0 || in.Offset >= page.Total {
			return n, nil
		}
	}
}

var errImpatient = errors.New("waited too long")

// poll asks ten times a second until it is so.
func poll(ctx context.Context, most time.Duration, what string, isSo func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, most, fmt.Errorf("%w for %s", errImpatient, what))
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if yes, err := isSo(); yes || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
