package chatbot

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The first was computed with
//
//	printf '1577262236757\nthis is secret' | openssl dgst -sha256 -hmac 'this is secret' -binary | base64
//
// and the second, whose key openssl takes as hex, with Python's hmac.
func TestSignatures(t *testing.T) {
	require.Equal(t, "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=", dingdingSign("1577262236757", "this is secret"))
	require.Equal(t, "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=", feishuSign("1599360473", "demo"))
}

func TestSeals(t *testing.T) {
	body := object{}
	require.Equal(t, "timestamp=1577262236757&sign=hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D",
		dingding.seal(body, "this is secret", time.UnixMilli(1577262236757)))
	require.Empty(t, body)
	require.Empty(t, dingding.seal(body, "", time.Now()))

	require.Empty(t, feishu.seal(body, "", time.Now()))
	require.Empty(t, body)
	require.Empty(t, feishu.seal(body, "demo", time.Unix(1599360473, 0)))
	require.Equal(t, object{"timestamp": "1599360473", "sign": "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="}, body)
}
