package secrets

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"

	"tocsin/shared/awsjson"
	"tocsin/shared/smn"
)

// Client asks Secrets Manager.
type Client struct{ *awsjson.Client }

// What a Client answers, wrapped, when the reason is the secret itself.
var (
	ErrMissing = errors.New("there is none, or it has no value")
	ErrExists  = errors.New("there is one already")
)

var _ API = Client{}

// NewClient gives a client, which asks for nothing before the first call.
func NewClient(cfg aws.Config) Client {
	return Client{awsjson.New(awsjson.Service{Name: "secretsmanager", Target: "secretsmanager", Version: "1.1"}, cfg)}
}

// secret is the members of requests and answers. A value is a text or bytes.
type secret struct {
	SecretID     string `json:"SecretId,omitempty"`
	VersionStage string `json:",omitempty"`

	Name               string `json:",omitempty"`
	Description        string `json:",omitempty"`
	ClientRequestToken string `json:",omitempty"`

	SecretString *string `json:",omitempty"`
	SecretBinary []byte  `json:",omitempty"`
}

// Get implements API.
func (c Client) Get(ctx context.Context, id, stage string) ([]byte, error) {
	var out secret
	err := c.Call(ctx, "GetSecretValue", secret{SecretID: id, VersionStage: stage}, &out)
	switch {
	case awsjson.CodeOf(err) == "ResourceNotFoundException":
		return nil, fmt.Errorf("%w (%w)", ErrMissing, err)
	case err != nil:
		return nil, err
	case out.SecretString != nil:
		return []byte(*out.SecretString), nil
	}
	return out.SecretBinary, nil
}

// Create implements API. A try whose answer was lost does no harm: its token says that
// the next one is the same.
func (c Client) Create(ctx context.Context, name string, value []byte) error {
	in := secret{Name: name, Description: "Made by Tocsin at its first use", ClientRequestToken: smn.NewID()}
	if utf8.Valid(value) {
		in.SecretString = aws.String(string(value)) // the console shows it
	} else {
		in.SecretBinary = value
	}
	err := c.Call(ctx, "CreateSecret", in, nil)
	if awsjson.CodeOf(err) == "ResourceExistsException" {
		return fmt.Errorf("%w (%w)", ErrExists, err)
	}
	return err
}
