package smntest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// published publishes and returns the text that an http endpoint gets.
func (s *suite) published(t *testing.T, e endpoint, in smn.PublishInput) string {
	t.Helper()
	id, err := s.owner.Publish(s.owner.ctx, in)
	require.NoError(t, err)
	m := e.next(t, wire.TypeNotification)
	require.Equal(t, id, m.MessageID)
	return m.Message
}

func publishStructure(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	s.confirmed(t, topic, e, hook(e.url))
	for structure, want := range map[string]string{
		`{"default":"for all","http":"for http","email":"for email"}`:                               "for http",
		`{"default":"for all","https":"https is another protocol"}`:                                 "for all",
		`{"default":"for all","http":""}`:                                                           "for all",
		" {\n\"default\" : \"Gr\\u00fc\u00dfe \\ud83d\\ude00\", \"APNS\":{\"a\":1}, \"new\":[5]}\t": "Grüße 😀",
	} {
		in := smn.PublishInput{TopicURN: topic, Subject: "s", Structure: structure}
		require.Equal(t, want, s.published(t, e, in))
		in.TemplateName, in.Tags, in.Message = "-no name-", map[string]string{"": "x"}, strings.Repeat("m", smn.MaxMessage+1)
		require.Equal(t, want, s.published(t, e, in), "a structure hides the other forms")
	}
}

func publishTemplate(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	s.confirmed(t, topic, e, hook(e.url))
	create := func(p smn.Protocol, content string) string {
		id, err := s.owner.CreateTemplate(s.owner.ctx, smn.CreateTemplateInput{Name: "disk", Protocol: p, Content: content})
		require.NoError(t, err)
		return id
	}
	in := smn.PublishInput{TopicURN: topic, TemplateName: "disk", Tags: map[string]string{"host": "db-1 {used}", "surplus": "x"}, Message: "not sent"}
	publish := func() error {
		_, err := s.owner.Publish(s.owner.ctx, in)
		return err
	}
	requireCode(t, smn.TemplateNotFound, publish())
	mail := create(smn.Email, "{host} is {used} full")
	requireCode(t, smn.DefaultTemplateNotFound, publish())
	standard := create("", "{host} {is not a variable}")
	requireCode(t, smn.InvalidTag, publish(), "the variant for mails needs a value more")
	in.Attributes = []smn.MessageAttribute{{Name: "p", Type: smn.ProtocolAttribute, Values: []string{"http", "sms"}}}
	require.Equal(t, "db-1 {used} {is not a variable}", s.published(t, e, in), "no mail will be sent")
	in.Attributes = nil
	in.Tags["used"] = "91 %"
	require.Equal(t, "db-1 {used} {is not a variable}", s.published(t, e, in))

	own := create(smn.HTTP, "{used}{{used}}")
	require.Equal(t, "91 %{91 %}", s.published(t, e, in))
	require.NoError(t, s.owner.UpdateTemplate(s.owner.ctx, smn.UpdateTemplateInput{ID: own, Content: "new {used}"}))
	require.Equal(t, "new 91 %", s.published(t, e, in))
	require.NoError(t, s.owner.DeleteTemplate(s.owner.ctx, smn.TemplateInput{ID: own}))
	require.NoError(t, s.owner.DeleteTemplate(s.owner.ctx, smn.TemplateInput{ID: mail}))
	require.Equal(t, "db-1 {used} {is not a variable}", s.published(t, e, in))
	require.NoError(t, s.owner.DeleteTemplate(s.owner.ctx, smn.TemplateInput{ID: standard}))
	requireCode(t, smn.TemplateNotFound, publish())
}

func publishFormRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	_, err := s.owner.CreateTemplate(s.owner.ctx, smn.CreateTemplateInput{Name: "one", Content: "{a}"})
	require.NoError(t, err)
	attribute := func(name string, kind smn.AttributeType, values ...string) smn.PublishInput {
		return smn.PublishInput{Message: "m", Attributes: []smn.MessageAttribute{{Name: name, Type: kind, Values: values}}}
	}
	twice := func(a, b string, kind smn.AttributeType, value string) smn.PublishInput {
		in := attribute(a, kind, value)
		in.Attributes = append(in.Attributes, smn.MessageAttribute{Name: b, Type: kind, Values: []string{value}})
		return in
	}
	for _, c := range []struct {
		code smn.Code
		in   smn.PublishInput
	}{
		{smn.InvalidMessageStructure, smn.PublishInput{Message: "m", Structure: "x"}},
		{smn.InvalidMessageStructure, smn.PublishInput{Message: "m", Structure: "{}"}},
		{smn.InvalidMessageStructure, smn.PublishInput{Structure: `{"email":"e"}`}},
		{smn.InvalidMessageStructure, smn.PublishInput{Structure: `{"default":""}`}},
		{smn.InvalidMessageStructure, smn.PublishInput{Structure: `{"default":5}`}},
		{smn.InvalidMessageStructure, smn.PublishInput{Structure: `{"default":"d","sms":{}}`}},
		{smn.InvalidMessageStructure, smn.PublishInput{Structure: `{"default":"a","default":"b"}`}},
		{smn.InvalidMessageStructure, smn.PublishInput{Structure: `{"default":"\ud800"}`}},
		{smn.InvalidTemplateName, smn.PublishInput{TemplateName: "-a", Message: "m"}},
		{smn.InvalidTemplateName, smn.PublishInput{TemplateName: "a b"}},
		{smn.TemplateNotFound, smn.PublishInput{TemplateName: "missing", Message: "m"}},
		{smn.InvalidTag, smn.PublishInput{TemplateName: "one"}},
		{smn.InvalidTag, smn.PublishInput{TemplateName: "one", Tags: map[string]string{"A": "x"}}},
		{smn.InvalidTag, smn.PublishInput{TemplateName: "one", Tags: map[string]string{"a": "x", "": "y"}}},
		{smn.InvalidMessage, smn.PublishInput{TemplateName: "one", Tags: map[string]string{"a": ""}}},
		{smn.InvalidMessageAttributes, attribute("", smn.StringAttribute, "v")},
		{smn.InvalidMessageAttributes, attribute("A", smn.StringAttribute, "v")},
		{smn.InvalidMessageAttributes, attribute("a__b", smn.StringAttribute, "v")},
		{smn.InvalidMessageAttributes, attribute("a_", smn.StringAttribute, "v")},
		{smn.InvalidMessageAttributes, attribute("a", "", "v")},
		{smn.InvalidMessageAttributes, attribute("a", "NUMBER", "5")},
		{smn.InvalidMessageAttributes, attribute("a", smn.StringAttribute, "")},
		{smn.InvalidMessageAttributes, attribute("a", smn.StringAttribute, "a-b")},
		{smn.InvalidMessageAttributes, attribute("a", smn.StringAttribute, "a\n")},
		{smn.InvalidMessageAttributes, attribute("a", smn.StringArrayAttribute)},
		{smn.InvalidMessageAttributes, attribute("a", smn.StringArrayAttribute, "x", "x")},
		{smn.InvalidMessageAttributes, attribute("a", smn.ProtocolAttribute)},
		{smn.InvalidMessageAttributes, attribute("a", smn.ProtocolAttribute, "pigeon")},
		{smn.InvalidMessageAttributes, attribute("a", smn.ProtocolAttribute, "email", "email")},
		{smn.InvalidMessageAttributes, twice("a", "a", smn.StringAttribute, "v")},
		{smn.InvalidMessageAttributes, twice("a", "b", smn.ProtocolAttribute, "email")},
		{smn.InvalidParameter, smn.PublishInput{Message: "m", Locale: "en us"}},
		{smn.InvalidParameter, smn.PublishInput{Message: "m", Locale: "english-of-the-queen"}},
	} {
		c.in.TopicURN = topic
		_, err := s.owner.Publish(s.owner.ctx, c.in)
		requireCode(t, c.code, err, fmt.Sprintf("%+v", c.in))
	}
	for _, in := range []smn.PublishInput{
		{Message: "m", Tags: map[string]string{"": "ignored without a template"}},
		attribute("a_9", smn.StringAttribute, "Aä9_数据"),
		attribute("smn_protocol", smn.ProtocolAttribute, "email", "https", "dingTalkBot", "dms"),
		twice("a", "b", smn.StringArrayAttribute, "v"),
		{Message: "m", Locale: "zh-cn"},
		{Message: "m", Locale: "zh_Hans_CN"},
		{Message: "m", Locale: "de"},
	} {
		in.TopicURN = topic
		_, err := s.owner.Publish(s.owner.ctx, in)
		require.NoError(t, err, "%+v", in)
	}
}

// publishFormLimits tries every limit one below, at and one above.
func publishFormLimits(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	_, err := s.owner.CreateTemplate(s.owner.ctx, smn.CreateTemplateInput{Name: "large", Content: strings.Repeat("m", smn.MaxMessage-1000) + "{a}{b}"})
	require.NoError(t, err)
	_, err = s.owner.CreateTemplate(s.owner.ctx, smn.CreateTemplateInput{Name: "small", Content: "{a}"})
	require.NoError(t, err)
	try := func(past int, code smn.Code, in smn.PublishInput) {
		t.Helper()
		in.TopicURN = topic
		_, err := s.owner.Publish(s.owner.ctx, in)
		if past > 0 {
			requireCode(t, code, err, past)
		} else {
			require.NoError(t, err, past)
		}
	}
	attribute := func(name string, kind smn.AttributeType, values ...string) smn.PublishInput {
		return smn.PublishInput{Message: "m", Attributes: []smn.MessageAttribute{{Name: name, Type: kind, Values: values}}}
	}
	for past := -1; past <= 1; past++ {
		const shell = `{"default":"" , "sms":"s"}`
		text := strings.Repeat("d", smn.MaxMessage-len(shell)+past)
		try(past, smn.InvalidMessageStructure, smn.PublishInput{Structure: `{"default":"` + text + `" , "sms":"s"}`})
		try(past, smn.InvalidMessage, smn.PublishInput{TemplateName: "large", Tags: map[string]string{"a": strings.Repeat("ä", 250), "b": strings.Repeat("b", 500+past)}})
		try(past, smn.InvalidTag, smn.PublishInput{TemplateName: "small", Tags: map[string]string{"a": strings.Repeat("a", smn.MaxVariableValue+past)}})
		try(past, smn.InvalidTag, smn.PublishInput{TemplateName: "small", Tags: map[string]string{"a": strings.Repeat("ä", smn.MaxVariableValue/2-1) + strings.Repeat("a", 2+past)}})
		try(past, smn.InvalidTag, smn.PublishInput{TemplateName: "small", Tags: map[string]string{"a": "a", strings.Repeat("ä", smn.MaxVariableName+past): ""}})
		try(past, smn.InvalidMessageAttributes, attribute(strings.Repeat("n", smn.MaxAttributeName+past), smn.StringAttribute, "v"))
		try(past, smn.InvalidMessageAttributes, attribute("n", smn.StringAttribute, strings.Repeat("数", smn.MaxAttributeValue+past)))
		try(past, smn.InvalidMessageAttributes, attribute("n", smn.StringArrayAttribute, numbered(smn.MaxAttributeValues+past)...))
		many := smn.PublishInput{Message: "m"}
		for _, name := range numbered(smn.MaxAttributes + past) {
			many.Attributes = append(many.Attributes, smn.MessageAttribute{Name: name, Type: smn.StringAttribute, Values: []string{"v"}})
		}
		try(past, smn.InvalidMessageAttributes, many)
		try(past, smn.InvalidTemplateName, smn.PublishInput{TemplateName: s.named(t, smn.MaxTemplateName+past)})
	}
}

// named makes a template with a name of n characters, if there can be one, and
// returns the name.
func (s *suite) named(t *testing.T, n int) string {
	t.Helper()
	name := strings.Repeat("n", n)
	if n <= smn.MaxTemplateName {
		_, err := s.owner.CreateTemplate(s.owner.ctx, smn.CreateTemplateInput{Name: name, Content: "c"})
		require.NoError(t, err)
	}
	return name
}

// numbered gives n different words.
func numbered(n int) (words []string) {
	for i := range n {
		words = append(words, fmt.Sprint("n", i))
	}
	return words
}

// publishForProtocols sees that a message reaches the protocols that it names. The
// later message, of the same chunk, gives the first its time.
func publishForProtocols(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	s.confirmed(t, topic, e, hook(e.url))
	publish := func(protocols ...string) string {
		id, err := s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: topic, Message: "m", Attributes: []smn.MessageAttribute{
			{Name: "team", Type: smn.StringArrayAttribute, Values: []string{"ops", "db"}},
			{Name: "level", Type: smn.StringAttribute, Values: []string{"high"}},
			{Name: "smn_protocol", Type: smn.ProtocolAttribute, Values: protocols},
		}})
		require.NoError(t, err)
		return id
	}
	elsewhere := publish("email", "https")
	here := publish("email", "http")
	require.Equal(t, here, e.next(t, wire.TypeNotification).MessageID)
	for len(e.messages) > 0 {
		require.NotEqual(t, elsewhere, (<-e.messages).MessageID)
	}
}
