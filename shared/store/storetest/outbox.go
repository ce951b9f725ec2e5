package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// RunOutbox runs the suite of store.Outbox. open gives an empty one and closes
// it with the test.
func RunOutbox(t *testing.T, open func(t *testing.T) store.Outbox) {
	mail := func(id string) store.Mail {
		return store.Mail{
			ID: id, Protocol: smn.Email, To: "ann@example.org", FromName: "Älerts", Subject: "Disk", Text: "full\n",
			SubscribeURL: "http://a/s", UnsubscribeURL: "http://a/u", TopicURN: "urn", MessageID: smn.NewID(), CreatedAt: moment,
		}
	}

	t.Run("mails are listed newest first", func(t *testing.T) {
		box := open(t)
		mails, err := box.ListMail(t.Context(), 10)
		require.NoError(t, err)
		require.Empty(t, mails)

		first, second, third := mail("c"), mail("a"), mail("b")
		for _, m := range []store.Mail{first, second, third} {
			require.NoError(t, box.PutMail(t.Context(), m))
		}
		for limit, want := range map[int][]store.Mail{
			1: {third}, 2: {third, second}, 3: {third, second, first}, 4: {third, second, first},
		} {
			mails, err := box.ListMail(t.Context(), limit)
			require.NoError(t, err)
			require.Equal(t, want, mails)
		}
	})

	t.Run("a mail is kept once", func(t *testing.T) {
		box := open(t)
		first, second := mail("a"), mail("a")
		require.NoError(t, box.PutMail(t.Context(), first))
		require.NoError(t, box.PutMail(t.Context(), second))
		mails, err := box.ListMail(t.Context(), 10)
		require.NoError(t, err)
		require.Equal(t, []store.Mail{first}, mails)
	})
}
