package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"tocsin/shared/client"
	"tocsin/shared/smn"
)

// connection is which service the commands of the client speak to, and as whom.
// Unless told otherwise that is `make run` on this machine.
type connection struct {
	Endpoint    string        `env:"TOCSIN_ENDPOINT" default:"http://127.0.0.1:8080" help:"Scheme and host of the service: Tocsin's or SMN's (default ${default})." placeholder:"URL"`
	IAMEndpoint string        `env:"TOCSIN_IAM_ENDPOINT" help:"Scheme and host of the identity service; the same unless set." placeholder:"URL"`
	Timeout     time.Duration `default:"10s" help:"For one request (default ${default})."`

	AccessKey string `env:"TOCSIN_ACCESS_KEY" default:"LOCALACCESSKEY" help:"Access key; requests are signed with it unless there is a password."`
	SecretKey string `env:"TOCSIN_SECRET_KEY" default:"${defaultSecretKey}" help:"Its secret; better by environment than by flag."`
	ProjectID string `env:"TOCSIN_PROJECT_ID" default:"0123456789abcdef0123456789abcdef" help:"Id of the access key's project."`

	Domain      string `env:"TOCSIN_DOMAIN" default:"tocsin" help:"Account of the user who logs in."`
	User        string `env:"TOCSIN_USER" default:"admin" help:"User who logs in."`
	Password    string `env:"TOCSIN_PASSWORD" help:"Password of the user; if set, a token is used instead of the access key. Better by environment than by flag."`
	ProjectName string `env:"TOCSIN_PROJECT_NAME" help:"Name of the project to log in to, which in SMN is that of the region; the user's first unless set."`
}

// AfterApply makes the client for Run, once the flags are read. It calls nobody
// yet.
func (c connection) AfterApply(command *kong.Context) error {
	var credential client.Credential = client.AccessKey{Access: c.AccessKey, Secret: c.SecretKey, Project: c.ProjectID}
	if c.Password != "" {
		credential = client.Password{Domain: c.Domain, User: c.User, Password: c.Password, Project: c.ProjectName}
	}
	svc, err := client.New(client.Config{
		Endpoint: c.Endpoint, IAMEndpoint: c.IAMEndpoint, Credential: credential, Timeout: c.Timeout,
	})
	command.Bind(svc)
	return err
}

// topicArg is the argument of commands about one topic.
type topicArg struct {
	Topic string `arg:"" help:"Name or URN of the topic."`
}

// urn is the topic's URN. A topic that was named by its URN is not looked up.
func (a topicArg) urn(ctx context.Context, svc smn.Topics) (string, error) {
	if _, err := smn.ParseTopicURN(a.Topic); err == nil {
		return a.Topic, nil
	}
	t, err := a.find(ctx, svc)
	return t.URN.String(), err
}

// find is the topic itself.
func (a topicArg) find(ctx context.Context, svc smn.Topics) (smn.Topic, error) {
	if _, err := smn.ParseTopicURN(a.Topic); err == nil {
		return svc.GetTopic(ctx, smn.TopicInput{TopicURN: a.Topic})
	}
	if !smn.IsTopicName(a.Topic) {
		return smn.Topic{}, fmt.Errorf("%q is neither the name nor the URN of a topic", a.Topic)
	}
	// Some clouds ignore the filter, so the list is looked through.
	for t, err := range all(func(p smn.Page) ([]smn.Topic, error) {
		page, err := svc.ListTopics(ctx, smn.ListTopicsInput{Page: p, Name: a.Topic})
		return page.Topics, err
	}) {
		if err != nil || t.URN.Name == a.Topic {
			return t, err
		}
	}
	return smn.Topic{}, errors.New("there is no topic " + a.Topic)
}
