package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// pushEndpointKind is that of the documents which hold the devices of an
// application. Their owner is its document, their name a device's token.
const pushEndpointKind = "application-endpoint"

// pushEndpoint is the body of such a document.
type pushEndpoint struct {
	UserData string `json:"user_data,omitempty"`
	Enabled  bool   `json:"enabled"`
}

// CreatePushEndpoint implements smn.PushEndpoints.
func (b *Broker) CreatePushEndpoint(ctx context.Context, in smn.CreatePushEndpointInput) (smn.CreatePushEndpointOutput, error) {
	app, err := b.ownApplication(ctx, in, in.ApplicationURN)
	if err != nil {
		return smn.CreatePushEndpointOutput{}, err
	}
	urn := smn.PushEndpointURN{}
	if urn.Application, err = smn.ParseApplicationURN(in.ApplicationURN); err != nil {
		return smn.CreatePushEndpointOutput{}, err
	}
	to := store.TagKey{Project: app.Owner, Kind: applicationKind, ID: app.ID}
	d, err := b.attachDocument(ctx, to, pushEndpointKind, in.Token, smn.MaxPushEndpoints, pushEndpoint{UserData: in.UserData, Enabled: true})
	if err == nil {
		urn.ID = d.ID
		return smn.CreatePushEndpointOutput{URN: urn.String(), Created: true}, nil
	}
	if !errors.Is(err, store.ErrConflict) {
		return smn.CreatePushEndpointOutput{}, orMissing(err, noApplication(in.ApplicationURN))
	}
	there, err := b.Store.FindDocument(ctx, app.ID, pushEndpointKind, in.Token)
	if err != nil {
		return smn.CreatePushEndpointOutput{}, fmt.Errorf("find endpoint of %s: %w", in.ApplicationURN, err)
	}
	kept, err := bodyOf[pushEndpoint](there)
	if err != nil {
		return smn.CreatePushEndpointOutput{}, err
	}
	if kept.UserData != in.UserData {
		return smn.CreatePushEndpointOutput{}, smn.Errorf(smn.DeviceTokenExists, "the application has this token with other user data")
	}
	urn.ID = there.ID
	return smn.CreatePushEndpointOutput{URN: urn.String()}, nil
}

// ListPushEndpoints implements smn.PushEndpoints. Their number is bounded, so the
// filters look at them all.
func (b *Broker) ListPushEndpoints(ctx context.Context, in smn.ListPushEndpointsInput) (smn.PushEndpointPage, error) {
	app, err := b.ownApplication(ctx, in, in.ApplicationURN)
	if err != nil {
		return smn.PushEndpointPage{}, err
	}
	urn, err := smn.ParseApplicationURN(in.ApplicationURN)
	if err != nil {
		return smn.PushEndpointPage{}, err
	}
	all, err := b.Store.ListDocuments(ctx, store.DocumentQuery{Owner: app.ID, Kind: pushEndpointKind, Limit: smn.MaxPushEndpoints})
	if err != nil {
		return smn.PushEndpointPage{}, fmt.Errorf("list endpoints of %s: %w", in.ApplicationURN, err)
	}
	fit := []smn.PushEndpoint{}
	for _, d := range all.Documents {
		e, err := describePushEndpoint(urn, d)
		if err != nil {
			return smn.PushEndpointPage{}, err
		}
		if (in.Enabled == nil || *in.Enabled == e.Enabled) && (in.Token == "" || in.Token == e.Token) && (in.UserData == "" || in.UserData == e.UserData) {
			fit = append(fit, e)
		}
	}
	page := part(fit, in.Page)
	return smn.PushEndpointPage{Endpoints: page, More: in.Offset+len(page) < len(fit)}, nil
}

// GetPushEndpoint implements smn.PushEndpoints.
func (b *Broker) GetPushEndpoint(ctx context.Context, in smn.PushEndpointInput) (smn.PushEndpoint, error) {
	d, urn, err := b.ownPushEndpoint(ctx, in, in.EndpointURN)
	if err != nil {
		return smn.PushEndpoint{}, err
	}
	return describePushEndpoint(urn.Application, d)
}

// UpdatePushEndpoint implements smn.PushEndpoints.
func (b *Broker) UpdatePushEndpoint(ctx context.Context, in smn.UpdatePushEndpointInput) error {
	d, _, err := b.ownPushEndpoint(ctx, in, in.EndpointURN)
	if err != nil {
		return err
	}
	_, err = updateDocument(ctx, b, d.DocumentKey, func(kept *pushEndpoint) {
		if in.UserData != nil {
			kept.UserData = *in.UserData
		}
		if in.Enabled != nil {
			kept.Enabled = *in.Enabled
		}
	})
	return orMissing(err, noPushEndpoint(in.EndpointURN))
}

// DeletePushEndpoint implements smn.PushEndpoints.
func (b *Broker) DeletePushEndpoint(ctx context.Context, in smn.PushEndpointInput) error {
	d, _, err := b.ownPushEndpoint(ctx, in, in.EndpointURN)
	if err != nil {
		return err
	}
	return orMissing(b.deleteDocument(ctx, d.DocumentKey), noPushEndpoint(in.EndpointURN))
}

// Push implements smn.PushEndpoints. The task is all that is kept of the message.
func (b *Broker) Push(ctx context.Context, in smn.PushInput) (string, error) {
	d, urn, err := b.ownPushEndpoint(ctx, in, in.EndpointURN)
	if err != nil {
		return "", err
	}
	e, err := describePushEndpoint(urn.Application, d)
	if err != nil {
		return "", err
	}
	text := in.Message
	if in.Structure != "" {
		if text, err = pushText(in.Structure, urn.Application.Platform); err != nil {
			return "", err
		}
	}
	if !e.Enabled {
		return "", smn.Errorf(smn.EndpointDisabled, "endpoint %s is disabled", in.EndpointURN)
	}
	ttl := in.TimeToLive
	if ttl == 0 {
		ttl = smn.DefaultTimeToLive
	}
	now := b.Now()
	task := queue.NewDirect(queue.Direct{
		MessageID: smn.NewID(),
		Project:   urn.Application.Project,
		Protocol:  urn.Application.Platform.Protocol(),
		Endpoint:  e.Token,
		Source:    in.EndpointURN,
		Text:      text,
		Attempt:   1,
		IssuedAt:  now,
		ExpiresAt: now.Add(ttl),
	}, time.Time{})
	if err := b.Store.PutPush(ctx, task); err != nil {
		return "", fmt.Errorf("push to %s: %w", in.EndpointURN, err)
	}
	return task.Direct.MessageID, nil
}

// pushText is the message for a platform in a structure of messages: the text
// itself, or an object as it is written there.
func pushText(structure string, p smn.Platform) (string, error) {
	var byPlatform map[string]json.RawMessage
	if err := json.Unmarshal([]byte(structure), &byPlatform); err != nil || wire.HasHalfCharacter([]byte(structure)) {
		return "", smn.Errorf(smn.InvalidMessageStructure, "message_structure must be a JSON object of messages by platform, in UTF-8")
	}
	raw := byPlatform[string(p)]
	text := string(raw)
	if len(raw) > 0 && raw[0] != '{' {
		text = "" // stays so for null
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", smn.Errorf(smn.InvalidMessageStructure, "the message for %s must be an object or a text", p)
		}
	}
	if text == "" || len(text) > p.MaxMessage() || !utf8.ValidString(text) {
		return "", smn.Errorf(smn.InvalidMessageStructure, "the message for %s must have 1 to %d bytes", p, p.MaxMessage())
	}
	return text, nil
}

// ownPushEndpoint finds a device of an application that belongs to the caller.
func (b *Broker) ownPushEndpoint(ctx context.Context, input any, text string) (store.Document, smn.PushEndpointURN, error) {
	caller, err := enter(ctx, input)
	if err != nil {
		return store.Document{}, smn.PushEndpointURN{}, err
	}
	urn, err := smn.ParsePushEndpointURN(text)
	if err != nil {
		return store.Document{}, urn, err
	}
	if urn.Application.Project != caller.Project {
		return store.Document{}, urn, smn.Errorf(smn.Forbidden, "the endpoint belongs to another project")
	}
	app, _, err := b.application(ctx, urn.Application)
	if smn.CodeOf(err) == smn.ApplicationNotFound {
		return store.Document{}, urn, noPushEndpoint(text)
	}
	if err != nil {
		return store.Document{}, urn, err
	}
	d, err := b.Store.GetDocument(ctx, store.DocumentKey{Owner: app.ID, Kind: pushEndpointKind, ID: urn.ID})
	return d, urn, orMissing(err, noPushEndpoint(text))
}

func noPushEndpoint(urn string) error {
	return smn.Errorf(smn.PushEndpointNotFound, "endpoint %s does not exist", urn)
}

// describePushEndpoint is the one translation of a device from the store's terms.
func describePushEndpoint(app smn.ApplicationURN, d store.Document) (smn.PushEndpoint, error) {
	body, err := bodyOf[pushEndpoint](d)
	if err != nil {
		return smn.PushEndpoint{}, err
	}
	return smn.PushEndpoint{
		URN:       smn.PushEndpointURN{Application: app, ID: d.ID},
		Token:     d.Name,
		UserData:  body.UserData,
		Enabled:   body.Enabled,
		CreatedAt: d.CreatedAt,
	}, nil
}
