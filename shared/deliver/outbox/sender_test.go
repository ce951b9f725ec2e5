package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/outbox"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

const (
	topicURN = "urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts"
	link     = "https://host/smn/subscription/secret"
)

// box is an outbox in memory, with the rule that an ID is kept once.
type box struct {
	mails []store.Mail
	err   error
}

func (b *box) PutMail(_ context.Context, m store.Mail) error {
	for _, old := range b.mails {
		if old.ID == m.ID {
			return b.err
		}
	}
	if b.err == nil {
		b.mails = append(b.mails, m)
	}
	return b.err
}

func (b *box) ListMail(context.Context, int) ([]store.Mail, error) { return b.mails, nil }

func delivery(kind string, p smn.Protocol) deliver.Delivery {
	d := deliver.Delivery{
		Type:            kind,
		MessageID:       "d84bd6629ef04513ad2e37bffd6e17cb",
		TopicURN:        topicURN,
		TopicDisplay:    "Disk Watch",
		SubscriptionURN: topicURN + ":23cf104593284665a1f98691b1576976",
		Protocol:        p,
		Endpoint:        "ann@example.org",
		Text:            "90 % full",
	}
	if kind == wire.TypeNotification {
		d.UnsubscribeURL = link
	} else {
		d.SubscribeURL = link
	}
	return d
}

func keep(t *testing.T, d deliver.Delivery) store.Mail {
	var b box
	o := outbox.New(&b, slog.New(slog.DiscardHandler)).Send(t.Context(), d)
	require.Equal(t, deliver.Outcome{Result: deliver.Delivered}, o)
	require.Len(t, b.mails, 1)
	return b.mails[0]
}

func TestNotificationMail(t *testing.T) {
	d := delivery(wire.TypeNotification, smn.Email)
	m := keep(t, d)
	require.False(t, m.CreatedAt.IsZero())
	m.CreatedAt = d.Timestamp
	require.Equal(t, store.Mail{
		ID:             "d84bd6629ef04513ad2e37bffd6e17cb/23cf104593284665a1f98691b1576976",
		Protocol:       smn.Email,
		To:             "ann@example.org",
		FromName:       "Disk Watch",
		Subject:        "Disk Watch",
		Text:           "90 % full\n\n--\nTo unsubscribe, open: " + link + "\nYou get this mail because this address is subscribed to Disk Watch (disk-alerts).\n",
		UnsubscribeURL: link,
		TopicURN:       topicURN,
		MessageID:      d.MessageID,
	}, m)

	d.TopicDisplay = ""
	m = keep(t, d)
	require.Empty(t, m.FromName)
	require.Equal(t, "disk-alerts", m.Subject)

	d.Subject = "Disk full"
	require.Equal(t, "Disk full", keep(t, d).Subject)
}

func TestConfirmations(t *testing.T) {
	for _, kind := range []string{wire.TypeConfirmation, wire.TypeUnsubscribed} {
		for _, p := range []smn.Protocol{smn.Email, smn.SMS} {
			m := keep(t, delivery(kind, p))
			require.Equal(t, link, m.SubscribeURL)
			require.Contains(t, m.Text, link)
			require.Contains(t, m.Text, "48 hours")
			require.Contains(t, m.Text, "Disk Watch")
			require.Equal(t, p == smn.SMS, m.Subject == "")
			if p == smn.Email {
				require.Contains(t, m.Text, topicURN)
				require.Contains(t, m.Subject, "Disk Watch")
			}
		}
	}
}

func TestIntroductionInConfirmations(t *testing.T) {
	for _, p := range []smn.Protocol{smn.Email, smn.SMS} {
		d := delivery(wire.TypeConfirmation, p)
		plain := keep(t, d).Text
		d.Introduction = "Alarms of the disks"
		text := keep(t, d).Text
		require.Contains(t, text, d.Introduction)
		require.Equal(t, plain, strings.NewReplacer(d.Introduction+"\n\n", "", " ("+d.Introduction+")", "").Replace(text), "and nothing else")
		require.Contains(t, text, link)
	}
}

func TestNotificationSMSIsTheTextAlone(t *testing.T) {
	d := delivery(wire.TypeNotification, smn.SMS)
	d.Subject, d.UnsubscribeURL = "not sent", ""
	m := keep(t, d)
	require.Equal(t, "90 % full", m.Text)
	require.Empty(t, m.Subject)
}

func TestAnSMSThatIsTooLong(t *testing.T) {
	d := delivery(wire.TypeNotification, smn.SMS)
	d.Text = strings.Repeat("字", smn.MaxSMS)
	require.Equal(t, d.Text, keep(t, d).Text)
	d.Text += "字"
	b := &box{}
	o := outbox.New(b, slog.New(slog.DiscardHandler)).Send(t.Context(), d)
	require.Equal(t, deliver.Dead, o.Result)
	require.Contains(t, o.Reason, "1,000")
	require.Empty(t, b.mails)
	d.Protocol = smn.Call
	require.Equal(t, d.Text, keep(t, d).Text, "calls have no such limit")
}

func TestCallsAreKeptLikeSMS(t *testing.T) {
	m := keep(t, delivery(wire.TypeNotification, smn.Call))
	require.Equal(t, smn.Call, m.Protocol)
	require.Equal(t, "90 % full", m.Text)
	require.Empty(t, m.Subject)
	require.Equal(t, link, keep(t, delivery(wire.TypeConfirmation, smn.Call)).SubscribeURL)
}

func TestTheSameDeliveryIsKeptOnce(t *testing.T) {
	var b box
	s := outbox.New(&b, slog.New(slog.DiscardHandler))
	d := delivery(wire.TypeNotification, smn.Email)
	require.Equal(t, deliver.Delivered, s.Send(t.Context(), d).Result)
	require.Equal(t, deliver.Delivered, s.Send(t.Context(), d).Result)
	require.Len(t, b.mails, 1)
}

func TestFailingStore(t *testing.T) {
	b := box{err: errors.New("disk gone")}
	o := outbox.New(&b, slog.New(slog.DiscardHandler)).Send(t.Context(), delivery(wire.TypeNotification, smn.Email))
	require.Equal(t, deliver.Again, o.Result)
	require.NotEmpty(t, o.Reason)
}

func TestLogHoldsNoTextNoLinkNoAddress(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	for _, kind := range []string{wire.TypeConfirmation, wire.TypeNotification} {
		outbox.New(&box{}, log).Send(t.Context(), delivery(kind, smn.Email))
	}
	require.Contains(t, out.String(), "kept in the outbox")
	for _, secret := range []string{"90 %", "secret", "ann@"} {
		require.NotContains(t, out.String(), secret)
	}
}

func TestPushMessageIsKeptAsItIs(t *testing.T) {
	b := &box{}
	d := deliver.Delivery{
		Type: wire.TypeNotification, MessageID: "m", SubscriptionURN: "urn:smn:local:p:endpoint-HMS-shop-1",
		Protocol: smn.HMS.Protocol(), Endpoint: "token", Text: `{"aps":{}}`,
	}
	require.Equal(t, deliver.Outcome{}, outbox.New(b, slog.New(slog.DiscardHandler)).Send(t.Context(), d))
	require.Len(t, b.mails, 1)
	require.Equal(t, "token", b.mails[0].To)
	require.JSONEq(t, `{"aps":{}}`, b.mails[0].Text)
	require.Empty(t, b.mails[0].Subject)
}
