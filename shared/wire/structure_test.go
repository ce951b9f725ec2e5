package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func TestParseStructure(t *testing.T) {
	words := func(s string) smn.Text { return smn.Text{Value: s} }
	for text, want := range map[string]map[smn.Protocol]smn.Text{
		`{"default":"d"}`:                                {"default": words("d")},
		" {\n\t\"default\" : \"d\"\r\n} ":                {"default": words("d")},
		`{"default":"d","http":"h","https":"s"}`:         {"default": words("d"), smn.HTTP: words("h"), smn.HTTPS: words("s")},
		`{"default":"d","sms":"","email":null}`:          {"default": words("d")},
		`{"default":"d","APNS":{"a":[1]},"x":5,"":true}`: {"default": words("d")},
		`{"default":"d","HTTP":5}`:                       {"default": words("d")},
		`{"default":"\u00e4\ud83d\ude00\n","dms":"q"}`:   {"default": words("ä😀\n"), "dms": words("q")},
		`{"default":"d","dingding":{"a": [ 1 ]},"wechat":"w","dingTalkBot":{}}`: {
			"default": words("d"), smn.DingDing: {Value: `{"a": [ 1 ]}`, IsObject: true}, smn.WeChat: words("w"), "dingTalkBot": {Value: `{}`, IsObject: true},
		},
	} {
		got, err := wire.ParseStructure(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{
		``, `null`, `5`, `"default"`, `[]`, `["default","d"]`, `{`, `{}`, `{"default"}`, `{"default":}`, `{"default":"d"`, `{"default":"d",}`,
		`{"default":"d"}{}`, `{"default":"d"} x`, `{"default":""}`, `{"default":null}`, `{"default":5}`, `{"default":{"a":"b"}}`, `{"Default":"d"}`, `{"email":"e"}`,
		`{"default":"a","default":"b"}`, `{"default":"a","x":1,"x":1}`, `{"default":"a","d\u0065fault":"b"}`,
		`{"default":"d","email":5}`, `{"default":"d","http":{"a":"b"}}`, `{"default":"d","sms":["s"]}`, `{"default":"d","feishu":[]}`, `{"default":"d","feishu":true}`,
		"{\"default\":\"\xff\"}", `{"default":"\ud800"}`, `{"default":"d","x":"\ud800"}`, `{'default':'d'}`,
		`{"default":"d","x":` + strings.Repeat("[", 20_000),
	} {
		_, err := wire.ParseStructure(text)
		require.Error(t, err, text)
	}
}

// TestStructureSaysWhatWasGiven builds structures and reads them back.
func TestStructureSaysWhatWasGiven(t *testing.T) {
	keys := []string{"default", "email", "sms", "http", "https", "functiongraph", "feishu", "APNS", "unheard-of"}
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.MapOf(rapid.SampledFrom(keys), rapid.StringN(1, 20, -1)).Draw(t, "texts")
		given["default"] = rapid.StringN(1, 20, -1).Draw(t, "default")
		text, err := json.Marshal(given)
		require.NoError(t, err)
		delete(given, "APNS")
		delete(given, "unheard-of")
		got, err := wire.ParseStructure(string(text))
		require.NoError(t, err)
		require.Len(t, got, len(given))
		for key, value := range given {
			require.Equal(t, smn.Text{Value: value}, got[smn.Protocol(key)])
		}
	})
}

// FuzzStructure: what is accepted is an object that any JSON reader understands in
// the same way.
func FuzzStructure(f *testing.F) {
	for _, seed := range []string{`{"default":"d"}`, `{"default":"d","email":"e","feishu":{"a":{"b":1}}}`, `{"default":"a","default":"b"}`, `{"default":"\ud83d\ude00"}`, "{\"default\":\"\xff\"}", `[]`, `{"default":"d"}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		texts, err := wire.ParseStructure(text)
		if err != nil {
			return
		}
		var plain map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &plain))
		require.NotEmpty(t, texts[smn.DefaultVariant].Value)
		for p, got := range texts {
			if got.IsObject {
				require.True(t, p.TakesObject())
				var object map[string]any
				require.NoError(t, json.Unmarshal([]byte(got.Value), &object))
				require.Equal(t, plain[string(p)], any(object))
				continue
			}
			require.Equal(t, plain[string(p)], got.Value)
		}
	})
}

func TestStructureInARequest(t *testing.T) {
	for text, want := range map[string]wire.Structure{
		`{"message_structure":"{\"default\":\"d\"}"}`:      `{"default":"d"}`,
		`{"message_structure": { "default" : "d" } }`:      `{ "default" : "d" }`,
		`{"message_structure":null}`:                       "",
		`{"message_structure":""}`:                         "",
		`{}`:                                               "",
		`{"message_structure":"not judged here"}`:          "not judged here",
		`{"message_structure":{"default":"\u003c\u00e4"}}`: `{"default":"\u003c\u00e4"}`,
	} {
		var r wire.PublishRequest
		require.NoError(t, json.Unmarshal([]byte(text), &r), text)
		require.Equal(t, want, r.MessageStructure, text)
	}
	for _, text := range []string{`5`, `true`, `[]`, `["default"]`} {
		var r wire.PublishRequest
		err := json.Unmarshal([]byte(`{"message_structure":`+text+`}`), &r)
		require.Equal(t, smn.InvalidMessageStructure, smn.CodeOf(err), text)
	}
}

func TestMessageAttributes(t *testing.T) {
	for _, text := range []string{
		`null`, `5`, `"a"`, `[]`, `{"name":5,"type":"STRING","value":"a"}`, `{"name":"a","type":[],"value":"a"}`,
		`{"name":"a","type":"STRING"}`, `{"name":"a","type":"STRING","value":null}`, `{"name":"a","type":"STRING","value":5}`, `{"name":"a","type":"STRING","value":["a"]}`,
		`{"name":"a","type":"STRING_ARRAY","value":"a"}`, `{"name":"a","type":"STRING_ARRAY"}`, `{"name":"a","type":"STRING_ARRAY","value":[5]}`, `{"name":"a","type":"STRING_ARRAY","value":[null]}`,
		`{"name":"a","type":"PROTOCOL","value":"email"}`,
	} {
		var r wire.PublishRequest
		err := json.Unmarshal([]byte(`{"message_attributes":[`+text+`]}`), &r)
		require.Equal(t, smn.InvalidMessageAttributes, smn.CodeOf(err), text)
	}
}

func TestHasHalfCharacter(t *testing.T) {
	for body, lone := range map[string]bool{
		`"a"`: false, `"\u00e4"`: false, `"\ud83d\ude00"`: false, `"\\ud800"`: false, `"\\\\ud800"`: false, `"\n\ud83d\ude00\n"`: false, `\`: false, `\u`: false,
		`"\ud800"`: true, `"\udc00"`: true, `"\ud800\ud800"`: true, `"\ude00\ud83d"`: true, `"\ud83d\ude00\ud83d"`: true, `"\\\ud800"`: true, `"\uD800\n"`: true, `"\ud800`: true,
	} {
		require.Equal(t, lone, wire.HasHalfCharacter([]byte(body)), body)
	}
}
