package deliver_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const noticeID = "0000000000000000000000000000000e"

func notice(kind queue.NoticeKind, p smn.Protocol, endpoint string) queue.Task {
	return queue.NewNotice(queue.Notice{
		MessageID:    noticeID,
		Kind:         kind,
		TopicURN:     topicURN,
		TopicDisplay: "Alerts",
		Subscription: queue.NoticeRecipient{
			Project: project, TopicID: topicID, ID: "00000000000000000000000000000abc", Version: 3, Protocol: p, Endpoint: endpoint,
		},
		Attempt:  1,
		IssuedAt: time.Now(),
	}, time.Time{})
}

func TestNotice(t *testing.T) {
	for kind, message := range map[queue.NoticeKind]string{
		queue.Subscribed:   "SubscriptionConfirmation",
		queue.Unsubscribed: "UnsubscribeConfirmation",
	} {
		for protocol, door := range map[smn.Protocol]string{
			smn.HTTP:  "rest/v2/notifications/subscription/confirm",
			smn.HTTPS: "rest/v2/notifications/subscription/confirm",
			smn.Email: "smn/subscription/confirm",
			smn.SMS:   "smn/subscription/confirm",
			smn.Slack: "smn/subscription/confirm",
		} {
			synctest.Test(t, func(t *testing.T) {
				m, e := newMemory(), &endpoints{}
				task := notice(kind, protocol, "endpoint")
				require.NoError(t, m.Put(t.Context(), task))
				run(t, worker(t, config(m, e)), m, time.Minute)
				require.Zero(t, m.tasks())
				require.Len(t, e.sent(), 1)
				d := e.sent()[0]

				issued := task.Notice.IssuedAt
				token := fmt.Sprintf("%s%s%s%02d%x", project, topicID, task.Notice.Subscription.ID, 3, issued.Add(48*time.Hour).Unix())
				link := "https://tocsin.example/base/" + door + "?token=" + token + "&topic_urn=" + topicURN
				want := deliver.Delivery{
					Type: message, MessageID: noticeID, TopicURN: topicURN, TopicDisplay: "Alerts",
					SubscriptionURN: topicURN + ":" + task.Notice.Subscription.ID,
					Protocol:        protocol, Endpoint: "endpoint", Timestamp: issued, SubscribeURL: link, Text: d.Text,
				}
				if protocol == smn.HTTP || protocol == smn.HTTPS {
					want.Signature = "signed " + message + " " + noticeID + "  " + wire.Time(issued) + " " + link
					want.SigningCertURL = "https://tocsin.example/base/smn/cert.pem"
				}
				require.Equal(t, want, d)
				require.Contains(t, d.Text, topicURN)
				require.Contains(t, d.Text, "48 hours")
				require.Regexp(t, `^[A-Za-z0-9._~:/?&=-]+$`, d.SubscribeURL, "receivers percent-decode whole links")
			})
		}
	}
}

func TestNoticeCarriesTheExtension(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), always(deliver.Outcome{Result: deliver.Again})
		task := notice(queue.Subscribed, smn.DingDing, "https://host/")
		task.Notice.Subscription.Extension.SignSecret = "s"
		m.put(task)
		run(t, worker(t, config(m, e)), m, time.Minute)
		require.Greater(t, len(e.sent()), 1)
		for _, d := range e.sent() {
			require.Equal(t, smn.Extension{SignSecret: "s"}, d.Extension, "a later attempt must be signed too")
		}
	})
}

// TestIntroduction: what the topic's owner says of it stands in the confirmation,
// before it is signed.
func TestIntroduction(t *testing.T) {
	for kind, shown := range map[queue.NoticeKind]bool{queue.Subscribed: true, queue.Unsubscribed: false} {
		synctest.Test(t, func(t *testing.T) {
			m, e := newMemory(), &endpoints{}
			task := notice(kind, smn.HTTP, "endpoint")
			if shown {
				task.Notice.Introduction = "Alarms of the disks"
			}
			require.NoError(t, m.Put(t.Context(), task))
			run(t, worker(t, config(m, e)), m, time.Minute)
			require.Len(t, e.sent(), 1)
			require.Equal(t, shown, strings.HasSuffix(e.sent()[0].Text, " About this topic: Alarms of the disks"))
			require.Equal(t, task.Notice.Introduction, e.sent()[0].Introduction)
		})
	}
}

func TestNoticeIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := always(deliver.Outcome{Result: deliver.Again, Status: 503})
		m.failing["Put"] = 1 // the task is then done again, and says so again
		w := worker(t, config(m, e))
		m.put(notice(queue.Subscribed, smn.HTTP, "http://host/"))
		run(t, w, m, 12*time.Hour)
		require.Len(t, e.times, 8)
		for i, want := range deliver.DefaultPolicy.Delays {
			require.InEpsilon(t, want, e.times[i+2].Sub(e.times[i+1]), 0.11)
		}
		for _, d := range e.sent() {
			require.Equal(t, e.got[0], d)
		}
		require.Zero(t, m.tasks())
	})
}

func TestNoticeEndsWithItsLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := always(deliver.Outcome{Result: deliver.Again})
		w := worker(t, config(m, e))
		task := notice(queue.Subscribed, smn.HTTP, "http://host/")
		m.put(task)
		time.Sleep(48*time.Hour - 3*time.Second)
		run(t, w, m, time.Hour)
		require.Len(t, e.sent(), 1, "there is no time for a second attempt")
		require.Zero(t, m.tasks())

		m.put(task)
		run(t, w, m, time.Hour)
		require.Len(t, e.sent(), 1, "nor for a first")
		require.Zero(t, m.tasks())
	})
}

func TestNoticeWithoutAPlaceComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), hanging(5*time.Second)
		w := worker(t, config(m, e))
		defer fillUp(t, w, m)()
		again, err := w.Handle(t.Context(), notice(queue.Subscribed, smn.HTTP, "http://host/"))
		require.NoError(t, err)
		require.InDelta(t, 2, again.Seconds(), 0.21)
		require.Len(t, e.sent(), 1)
	})
}

// fillUp sends to an endpoint that hangs until no more can wait for it. The answer
// waits for all of it to end.
func fillUp(t *testing.T, w *deliver.Worker, m *memory) (end func()) {
	var all sync.WaitGroup
	m.subscribe(smn.HTTP, "http://host/")
	for i := range 17 {
		msg := m.publish(time.Hour)
		all.Go(func() { _, _ = w.Handle(t.Context(), queue.NewFanOut(project, topicID, msg.ID, 0)) })
		if i == 0 {
			time.Sleep(200 * time.Millisecond)
		}
		synctest.Wait()
	}
	return all.Wait
}
