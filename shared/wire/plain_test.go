package wire_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tocsin/shared/wire"
)

func TestPlainRequests(t *testing.T) {
	for body, want := range map[string]wire.PublishRequest{
		`{"message":"m"}`:                             {Message: "m"},
		`{"subject":"s","message":"m"}`:               {Subject: "s", Message: "m"},
		`{"message":"a","message":"b"}`:               {Message: "b"},
		`{"message":"über 90 % <&> 磁盘","subject":""}`: {Message: "über 90 % <&> 磁盘"},
	} {
		var got wire.PublishRequest
		require.True(t, got.ReadPlain([]byte(body)), body)
		require.Equal(t, want, got)

		spaced := strings.NewReplacer("{", " {\r\n\t", ":", " : ", ",", " ,\n", "}", "\t} \n").Replace(body)
		require.True(t, got.ReadPlain([]byte(spaced)), spaced)
		require.Equal(t, want, got)
	}
}

func TestRequestsThatAreNotPlain(t *testing.T) {
	for _, body := range []string{
		``, `{}`, `[]`, `null`, `"message"`, `{`, `{"message"`, `{"message":`, `{"message":"m`, `{"message":"m"`, `{"message":"m",`, `{"message":"m",}`,
		`{"message":"m"}}`, `{"message":"m"} {}`, `{"message":"m" "subject":"s"}`, `{"message":"a\nb"}`, "{\"message\":\"a\nb\"}", `{"mess\u0061ge":"m"}`,
		`{"Message":"m"}`, `{"message":null}`, `{"message":1}`, `{"message":["m"]}`, `{"message":"m","time_to_live":"60"}`, `{"message":"m","other":"x"}`, `{message:"m"}`, `{'message':'m'}`,
	} {
		r := wire.PublishRequest{Locale: "untouched"}
		require.False(t, r.ReadPlain([]byte(body)), body)
		require.Equal(t, wire.PublishRequest{Locale: "untouched"}, r, body)
	}
}

// FuzzPlainRequest: what is taken for plain, encoding/json reads alike.
func FuzzPlainRequest(f *testing.F) {
	for _, body := range []string{`{"subject":"s","message":"über"}`, `{"message":"a","message":"b"}`, " {\n\"message\"\t:\r\"m\" , \"subject\" : \"\" }\n", `{"message":"\n","tags":{}}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var got, want wire.PublishRequest
		if !utf8.ValidString(body) || !got.ReadPlain([]byte(body)) {
			return
		}
		require.NoError(t, json.Unmarshal([]byte(body), &want))
		require.Equal(t, want, got)
	})
}

// BenchmarkPublishRequest reads the body of a usual request in both ways.
func BenchmarkPublishRequest(b *testing.B) {
	body := []byte(`{"subject":"load","message":"` + strings.Repeat("m", 256) + `"}`)
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r wire.PublishRequest
			if !r.ReadPlain(body) {
				b.Fatal("it is plain")
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r wire.PublishRequest
			if err := json.Unmarshal(body, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
