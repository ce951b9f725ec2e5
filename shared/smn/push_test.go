package smn_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func TestSMSParts(t *testing.T) {
	for text, want := range map[string]int{
		"": 1, strings.Repeat("a", 160): 1, strings.Repeat("a", 161): 2, strings.Repeat("ä", 306): 2, strings.Repeat("a", 307): 3,
		strings.Repeat("€", 80): 1, strings.Repeat("€", 81): 2,
		strings.Repeat("消", 70): 1, strings.Repeat("消", 71): 2, strings.Repeat("a", 134) + "消": 3,
	} {
		require.Equal(t, want, smn.SMSParts(text), text)
	}
}

// FuzzPushURN sees that what can be read is written in the same way.
func FuzzPushURN(f *testing.F) {
	const project = "urn:smn:eu-de:0123456789abcdef0123456789abcdef:"
	for _, s := range []string{
		project + "app-HMS-shop", project + "app-APNS_SANDBOX-a_1", project + "app-HMS-", project + "app-HMS-a-", project + "topic",
		project + "endpoint-HMS-shop-0123456789abcdef0123456789abcdef", project + "endpoint-HMS-shop-x", project + "endpoint-HMS-shop",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		application, err := smn.ParseApplicationURN(s)
		if err == nil {
			require.Equal(t, s, application.String())
		} else {
			require.Equal(t, smn.InvalidApplicationURN, smn.CodeOf(err))
		}
		endpoint, err := smn.ParsePushEndpointURN(s)
		if err == nil {
			require.Equal(t, s, endpoint.String())
		} else {
			require.Equal(t, smn.InvalidPushEndpointURN, smn.CodeOf(err))
		}
	})
}
