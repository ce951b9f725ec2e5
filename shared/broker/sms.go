package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/validation"
)

// SendSMS implements smn.SMSSender.
func (b *Broker) SendSMS(ctx context.Context, in smn.NewSMS) (string, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return "", err
	}
	sms, task := b.newSMS(caller, in)
	if err := b.Store.PutSMS(ctx, []store.SMS{sms}, task); err != nil {
		return "", fmt.Errorf("send SMS: %w", err)
	}
	return sms.ID, nil
}

// SendSMSBatch implements smn.SMSSender. All that is accepted is stored at once.
func (b *Broker) SendSMSBatch(ctx context.Context, in smn.SendSMSBatchInput) ([]smn.SentSMS, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	type message struct{ endpoint, text string }
	seen := make(map[message]bool, len(in.Messages))
	sent := make([]smn.SentSMS, len(in.Messages))
	var accepted []store.SMS
	var tasks []queue.Task
	for i, item := range in.Messages {
		sent[i] = smn.SentSMS{Endpoint: item.Endpoint, Err: validation.Check(item)}
		this := message{item.Endpoint, item.Text}
		if sent[i].Err == nil && seen[this] {
			sent[i].Err = smn.Errorf(smn.DuplicateEndpoint, "the batch sends this text to this number already")
		}
		if sent[i].Err != nil {
			continue
		}
		seen[this] = true
		sms, task := b.newSMS(caller, item)
		sent[i].MessageID = sms.ID
		accepted, tasks = append(accepted, sms), append(tasks, task)
	}
	if len(accepted) == 0 {
		return sent, nil
	}
	if err := b.Store.PutSMS(ctx, accepted, tasks...); err != nil {
		return nil, fmt.Errorf("send %d SMS: %w", len(accepted), err)
	}
	return sent, nil
}

// newSMS makes the row of an SMS and the task of sending it.
func (b *Broker) newSMS(caller smn.Caller, in smn.NewSMS) (store.SMS, queue.Task) {
	now := b.Now()
	sms := store.SMS{
		ID:         smn.NewID(),
		Project:    caller.Project,
		Endpoint:   in.Endpoint,
		Text:       in.Text,
		SignID:     in.SignID,
		AcceptedAt: now,
	}
	return sms, queue.NewDirect(queue.Direct{
		MessageID: sms.ID,
		Project:   sms.Project,
		Protocol:  smn.SMS,
		Endpoint:  sms.Endpoint,
		Text:      sms.Text,
		Attempt:   1,
		IssuedAt:  now,
		ExpiresAt: now.Add(smn.DefaultTimeToLive),
	}, time.Time{})
}

// GetSMS implements smn.SMSSender.
func (b *Broker) GetSMS(ctx context.Context, in smn.SMSInput) (string, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return "", err
	}
	sms, err := b.Store.GetSMS(ctx, caller.Project, in.MessageID)
	if errors.Is(err, store.ErrNotFound) {
		return "", smn.Errorf(smn.ResourceNotFound, "SMS %s does not exist", in.MessageID)
	}
	if err != nil {
		return "", fmt.Errorf("get SMS %s: %w", in.MessageID, err)
	}
	return sms.Text, nil
}

// ListSMS implements smn.SMSSender.
func (b *Broker) ListSMS(ctx context.Context, in smn.ListSMSInput) (smn.SMSPage, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.SMSPage{}, err
	}
	kept, err := b.Store.ListSMS(ctx, store.SMSQuery{
		Project:  caller.Project,
		From:     in.From,
		To:       in.To,
		ID:       in.MessageID,
		Endpoint: in.Endpoint,
		SignID:   in.SignID,
		Status:   in.Status,
		Offset:   in.Offset,
		Limit:    limitOf(in.Page),
	})
	if err != nil {
		return smn.SMSPage{}, fmt.Errorf("list SMS: %w", err)
	}
	page := smn.SMSPage{SMS: make([]smn.SMSReport, len(kept.SMS)), Total: kept.Total}
	for i, m := range kept.SMS {
		page.SMS[i] = smn.SMSReport{
			MessageID:  m.ID,
			Endpoint:   m.Endpoint,
			SignID:     m.SignID,
			Status:     m.Status,
			Reason:     m.Reason,
			Parts:      smn.SMSParts(m.Text),
			AcceptedAt: m.AcceptedAt,
			FinishedAt: m.FinishedAt,
		}
	}
	return page, nil
}

// callbackKind is that of the one document which holds a project's callbacks.
const callbackKind = "sms-callback"

// callbacks are the topics that are to be told, by event.
type callbacks map[smn.SMSEvent]callback

// callback is a topic. A later one of the same name has another id, and has asked
// for nothing.
type callback struct {
	TopicURN string `json:"topic_urn"`
	TopicID  string `json:"topic_id"`
}

// ListSMSCallbacks implements smn.SMSSender.
func (b *Broker) ListSMSCallbacks(ctx context.Context, in smn.ListSMSCallbacksInput) ([]smn.SMSCallback, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	_, kept, err := b.callbacks(ctx, caller.Project)
	if err != nil {
		return nil, err
	}
	list := []smn.SMSCallback{}
	for _, event := range smn.SMSEvents {
		c, set := kept[event]
		if !set || in.Event != "" && in.Event != event {
			continue
		}
		topic, err := b.ownTopic(ctx, caller, c.TopicURN)
		if err != nil && smn.CodeOf(err) != smn.TopicNotFound {
			return nil, err
		}
		if topic.ID == c.TopicID {
			list = append(list, smn.SMSCallback{Event: event, TopicURN: c.TopicURN})
		}
	}
	return list, nil
}

// UpdateSMSCallbacks implements smn.SMSSender.
func (b *Broker) UpdateSMSCallbacks(ctx context.Context, in smn.UpdateSMSCallbacksInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	changes := callbacks{}
	for _, c := range in.Callbacks {
		if err := validation.Check(c); err != nil {
			return err
		}
		topic, err := b.ownTopic(ctx, caller, c.TopicURN)
		if err != nil {
			return err
		}
		changes[c.Event] = callback{c.TopicURN, topic.ID}
	}
	return untilSettled(func() error {
		d, kept, err := b.callbacks(ctx, caller.Project)
		if err != nil {
			return err
		}
		maps.Copy(kept, changes)
		d.UpdatedAt = b.Now()
		if d.Body, err = json.Marshal(kept); err != nil {
			return err
		}
		if !d.CreatedAt.IsZero() {
			return b.Store.UpdateDocument(ctx, d)
		}
		d.CreatedAt = d.UpdatedAt
		return b.Store.CreateDocument(ctx, d, 1)
	})
}

// callbacks reads the callbacks of a project; the document is new when it has no
// time of creation.
func (b *Broker) callbacks(ctx context.Context, project string) (store.Document, callbacks, error) {
	key := store.DocumentKey{Owner: project, Kind: callbackKind, ID: callbackKind}
	d, kept, err := getDocument[callbacks](ctx, b, key)
	if errors.Is(err, store.ErrNotFound) {
		return store.Document{DocumentKey: key}, callbacks{}, nil
	}
	return d, kept, err
}
