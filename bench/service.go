package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tocsin/internal/trial"
	"tocsin/shared/client"
	"tocsin/shared/iam"
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
	url     string
	token   iam.Token
	process *trial.Process // nil if others have started it
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

// publishing is the request that publishes to a topic. Sent to address, it may
// also go to a server that only looks like the service.
func (s *service) publishing(address, topic string) (target, error) {
	body, err := json.Marshal(wire.PublishRequest{Message: strings.Repeat("m", messageBytes)})
	if err != nil {
		return target{}, err
	}
	return newTarget(address+s.path(topic)+"/publish", s.header(), body)
}

// path is where a topic is, at any server that looks like the service.
func (s *service) path(topic string) string {
	return "/v2/" + s.token.Project.ID + "/notifications/topics/" + topic
}

func (s *service) header() http.Header {
	return http.Header{"Content-Type": {"application/json"}, "X-Auth-Token": {s.token.Value}}
}

var errImpatient = errors.New("waited too long")

const pollEvery = 100 * time.Millisecond

// poll asks every pollEvery until it is so.
func poll(ctx context.Context, most time.Duration, what string, isSo func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, most, fmt.Errorf("%w for %s", errImpatient, what))
	defer cancel()
	var failed error
	waited := trial.Until(ctx, pollEvery, func() (yes bool) {
		yes, failed = isSo()
		return yes || failed != nil
	})
	if failed != nil {
		return failed
	}
	return waited
}
