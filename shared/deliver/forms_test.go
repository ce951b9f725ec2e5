package deliver_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/outbox"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// byEndpoint are the deliveries that were sent.
func (e *endpoints) byEndpoint() map[string]deliver.Delivery {
	got := map[string]deliver.Delivery{}
	for _, d := range e.sent() {
		got[d.Endpoint] = d
	}
	return got
}

// textSigner makes a signature that shows the text.
type textSigner struct{ signer }

func (s *textSigner) Sign(p *wire.Push) error {
	err := s.signer.Sign(p)
	p.Signature = "signed " + p.Message
	return err
}

func TestEachProtocolGetsItsText(t *testing.T) {
	versions := map[smn.Protocol]string{smn.DefaultVariant: "v0", smn.HTTP: "v1", smn.SMS: "v2"}
	for name, form := range map[string]func(*store.Message){
		"structure": func(m *store.Message) {
			m.Structure = `{"default":"the default of db-1","http":"http","sms":"{host}","https":null,"feishu":{"a": 1},"x":{}}`
		},
		"template": func(m *store.Message) {
			m.Template = &store.TemplateUse{Versions: versions, Tags: map[string]string{"host": "db-1", "brace": "{host}"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, e, s := newMemory(), &endpoints{}, &textSigner{}
				m.versions = map[string]string{"v0": "the default of {host}", "v1": "http", "v2": "{brace}"}
				for i := range 3 {
					m.subscribe(smn.HTTP, fmt.Sprint("http", i))
					m.subscribe(smn.HTTPS, fmt.Sprint("https", i))
				}
				m.subscribe(smn.Email, "email")
				m.subscribe(smn.SMS, "sms")
				m.subscribe(smn.Feishu, "feishu")
				m.publishAs(time.Hour, func(msg *store.Message) { msg.Body = ""; form(msg) })
				c := config(m, e)
				c.Senders[smn.Feishu] = e
				c.Signer = s
				run(t, worker(t, c), m, time.Second)

				got := e.byEndpoint()
				require.Len(t, got, 9)
				require.Equal(t, "the default of db-1", got["email"].Text)
				require.Equal(t, "{host}", got["sms"].Text, "values are not rendered again")
				for i := range 3 {
					require.Equal(t, "http", got[fmt.Sprint("http", i)].Text)
					require.Equal(t, "the default of db-1", got[fmt.Sprint("https", i)].Text, "https is another protocol than http")
					require.Equal(t, "signed http", got[fmt.Sprint("http", i)].Signature)
					require.Equal(t, "signed the default of db-1", got[fmt.Sprint("https", i)].Signature)
				}
				require.Equal(t, 2, s.count, "one signature for each text that is signed")
				if name == "structure" {
					require.Equal(t, `{"a": 1}`, got["feishu"].Text)
				} else {
					require.Equal(t, "the default of db-1", got["feishu"].Text)
				}
				require.Equal(t, name == "structure", got["feishu"].TextIsObject)
				require.False(t, got["email"].TextIsObject)
				require.Zero(t, m.tasks())
			})
		})
	}
}

// TestRetriesSayTheSame, also when the template has changed since and the message
// must be loaded again.
func TestRetriesSayTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.versions = map[string]string{"v0": "{host} is full"}
		e := always(deliver.Outcome{Result: deliver.Again, Reason: "HTTP 503"})
		m.subscribe(smn.HTTP, "http://host/")
		m.publishAs(time.Hour, func(msg *store.Message) {
			msg.Body = ""
			msg.Template = &store.TemplateUse{Versions: map[smn.Protocol]string{smn.DefaultVariant: "v0"}, Tags: map[string]string{"host": "db-1"}}
			msg.Attributes = []smn.MessageAttribute{{Name: "a", Type: smn.StringAttribute, Values: []string{"b"}}}
			msg.Locale = "zh-cn"
		})
		run(t, worker(t, config(m, e)), m, time.Second)
		run(t, worker(t, config(m, e)), m, time.Hour) // another worker, with nothing in its cache
		require.Len(t, e.sent(), 7)
		for _, d := range e.sent() {
			require.Equal(t, "db-1 is full", d.Text)
			require.Equal(t, "zh-cn", d.Locale)
			require.Equal(t, "a", d.Attributes[0].Name)
			require.Equal(t, e.got[0], d)
		}
	})
}

func TestFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		team := func(values ...string) []smn.FilterPolicy {
			return []smn.FilterPolicy{{Name: "team", StringEquals: values}}
		}
		for endpoint, filters := range map[string][]smn.FilterPolicy{
			"all": nil, "ops": team("ops"), "db or ops": team("db", "ops"), "db": team("db"),
			"both": append(team("ops"), smn.FilterPolicy{Name: "level", StringEquals: []string{"high"}}),
		} {
			s := m.subscribe(smn.Email, endpoint)
			s.Filters = filters
			m.subs[s.Seq] = s
		}
		m.subscribe(smn.SMS, "sms")
		attributes := []smn.MessageAttribute{
			{Name: "team", Type: smn.StringArrayAttribute, Values: []string{"web", "ops"}},
			{Name: "smn_protocol", Type: smn.ProtocolAttribute, Values: []string{"email", "http"}},
		}
		msg := m.publishAs(time.Hour, func(msg *store.Message) { msg.Attributes = attributes })
		run(t, worker(t, config(m, e)), m, time.Second)
		got := e.byEndpoint()
		require.Len(t, got, 3)
		for _, endpoint := range []string{"all", "ops", "db or ops"} {
			require.Equal(t, attributes, got[endpoint].Attributes)
		}
		require.Equal(t, chunkRow{done: true, matched: 3, filtered: 3}, m.chunks[store.ChunkKey{MessageID: msg.ID}], "what is filtered out is counted apart")
		require.Empty(t, m.failures)
	})
}

func TestFilterThatChangesBeforeARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := always(deliver.Outcome{Result: deliver.Again, Reason: "HTTP 503"})
		s := m.subscribe(smn.HTTP, "http://host/")
		msg := m.publish(time.Hour)
		w := worker(t, config(m, e))
		run(t, w, m, time.Second)
		require.Len(t, e.sent(), 1)
		s.Filters = []smn.FilterPolicy{{Name: "team", StringEquals: []string{"ops"}}}
		m.subs[s.Seq] = s
		run(t, w, m, time.Hour)
		require.Len(t, e.sent(), 1)
		f, _ := m.failure(msg.ID, s.ID)
		require.True(t, f.Dead)
		require.Contains(t, f.Reason, "filters")
		require.Zero(t, m.tasks())
	})
}

// TestVersionThatIsGone costs its message and nothing else.
func TestVersionThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		m.subscribe(smn.Email, "ann@example.org")
		m.publishAs(time.Hour, func(msg *store.Message) {
			msg.Template = &store.TemplateUse{Versions: map[smn.Protocol]string{smn.DefaultVariant: "gone"}}
		})
		good := m.publish(time.Hour)
		run(t, worker(t, config(m, e)), m, time.Second)
		require.Len(t, e.sent(), 1)
		require.Equal(t, good.ID, e.got[0].MessageID)
		require.Zero(t, m.tasks())
	})
}

// TestCacheIsBoundedByBytes: messages with a large text for each protocol do not
// stay as long as small ones.
func TestCacheIsBoundedByBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			texts, messages int
			cached          bool
		}{{1, 40, true}, {3, 40, false}} {
			m := newMemory()
			e := &endpoints{answer: func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
				if attempt == 1 {
					return deliver.Outcome{Result: deliver.Again}
				}
				return deliver.Outcome{}
			}}
			m.subscribe(smn.HTTP, "http://host/")
			versions := map[smn.Protocol]string{}
			for _, p := range []smn.Protocol{smn.DefaultVariant, smn.SMS, smn.Email}[:c.texts] {
				versions[p] = "large"
			}
			m.versions = map[string]string{"large": strings.Repeat("m", smn.MaxMessage-10) + "{tag}"}
			for range c.messages {
				m.publishAs(time.Hour, func(msg *store.Message) {
					msg.Template = &store.TemplateUse{Versions: versions, Tags: map[string]string{"tag": "0123456789"}}
				})
			}
			run(t, worker(t, config(m, e)), m, time.Hour)
			require.Len(t, e.sent(), 2*c.messages)
			if c.cached {
				require.Equal(t, c.messages, m.calls["GetMessage"])
			} else {
				require.Greater(t, m.calls["GetMessage"], c.messages+c.messages/4)
			}
		}
	})
}

// mailbox is an outbox in memory.
type mailbox struct{ mails []store.Mail }

func (b *mailbox) PutMail(_ context.Context, m store.Mail) error {
	b.mails = append(b.mails, m)
	return nil
}

func (b *mailbox) ListMail(context.Context, int) ([]store.Mail, error) { return b.mails, nil }

func TestStructureInTheOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, box := newMemory(), &mailbox{}
		m.subscribe(smn.Email, "ann@example.org")
		m.subscribe(smn.SMS, "+4912345")
		m.publishAs(time.Hour, func(msg *store.Message) {
			msg.Body, msg.Structure, msg.Locale = "", `{"default":"default","email":"a long mail","sms":"short"}`, "zh-cn"
		})
		mails := outbox.New(box, slog.New(slog.DiscardHandler))
		c := config(m, &endpoints{})
		c.Senders[smn.Email], c.Senders[smn.SMS], c.Slots = mails, mails, 1
		run(t, worker(t, c), m, time.Second)
		require.Len(t, box.mails, 2)
		for _, mail := range box.mails {
			if mail.Protocol == smn.SMS {
				require.Equal(t, "short", mail.Text)
				continue
			}
			require.True(t, strings.HasPrefix(mail.Text, "a long mail\n\n--\n如需退订"), mail.Text)
			require.Contains(t, mail.Text, mail.UnsubscribeURL)
		}
	})
}
