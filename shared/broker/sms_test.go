package broker_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func TestLargestSMSBatch(t *testing.T) {
	f := open(t, nil)
	items := make([]smn.NewSMS, smn.MaxSMSBatch)
	for i := range items {
		items[i] = smn.NewSMS{Endpoint: fmt.Sprint(100_000 + i), Text: "t"}
	}
	sent, err := f.SendSMSBatch(f.ctx, smn.SendSMSBatchInput{Messages: items})
	require.NoError(t, err)
	require.Len(t, sent, len(items))
	for i := range sent {
		require.NoError(t, sent[i].Err)
	}
	page, err := f.ListSMS(f.ctx, smn.ListSMSInput{})
	require.NoError(t, err)
	require.Equal(t, len(items), page.Total)
}
