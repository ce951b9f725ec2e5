package smntest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func (s *suite) template(t *testing.T, in smn.CreateTemplateInput) string {
	t.Helper()
	id, err := s.owner.CreateTemplate(s.owner.ctx, in)
	require.NoError(t, err)
	require.True(t, smn.IsID(id))
	return id
}

func createTemplate(t *testing.T, s *suite) {
	const content = "Grüße {b} {a} {b} {not one} \x01 <&>"
	id := s.template(t, smn.CreateTemplateInput{Name: "disk", Content: content})
	got, err := s.owner.GetTemplate(s.owner.ctx, smn.TemplateInput{ID: id})
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), got.CreatedAt, patience)
	require.Equal(t, got.CreatedAt, got.UpdatedAt)
	got.CreatedAt, got.UpdatedAt = time.Time{}, time.Time{}
	require.Equal(t, smn.Template{ID: id, Name: "disk", Protocol: smn.DefaultVariant, TagNames: []string{"b", "a"}, Content: content}, got)

	for _, p := range []smn.Protocol{"", smn.DefaultVariant} {
		_, err = s.owner.CreateTemplate(s.owner.ctx, smn.CreateTemplateInput{Name: "disk", Protocol: p, Content: "other"})
		requireCode(t, smn.TemplateExists, err, "the second time")
	}
	for _, p := range []smn.Protocol{smn.Email, smn.SMS, smn.HTTP, smn.HTTPS, smn.FunctionStage, smn.FunctionGraph, "dms", smn.DingDing, smn.WeChat, smn.Feishu, smn.WeLink} {
		id := s.template(t, smn.CreateTemplateInput{Name: "disk", Protocol: p, Content: "none"})
		got, err := s.owner.GetTemplate(s.owner.ctx, smn.TemplateInput{ID: id})
		require.NoError(t, err)
		require.Equal(t, p, got.Protocol)
		require.Equal(t, []string{}, got.TagNames, "an empty list is a list")
	}
	s.template(t, smn.CreateTemplateInput{Name: "Disk", Content: "names differ by case"})
}

func createTemplateRules(t *testing.T, s *suite) {
	create := func(in smn.CreateTemplateInput) error {
		_, err := s.owner.CreateTemplate(s.owner.ctx, in)
		return err
	}
	for _, name := range []string{"", "-a", "_a", "a b", "a:b", "a/b", "a.b", "ä", "a\n", strings.Repeat("n", smn.MaxTemplateName+1)} {
		requireCode(t, smn.InvalidTemplateName, create(smn.CreateTemplateInput{Name: name, Content: "c"}), name)
	}
	for _, p := range []smn.Protocol{"pigeon", "HTTP", "default ", "x\n"} {
		requireCode(t, smn.InvalidProtocol, create(smn.CreateTemplateInput{Name: "a", Protocol: p, Content: "c"}), p)
	}
	requireCode(t, smn.InvalidTemplateContent, create(smn.CreateTemplateInput{Name: "a"}))
	for past := -1; past <= 1; past++ {
		want := func(c smn.Code) smn.Code {
			if past > 0 {
				return c
			}
			return ""
		}
		code := func(what, content string) smn.Code {
			id, err := s.owner.CreateTemplate(s.owner.ctx, smn.CreateTemplateInput{Name: fmt.Sprint(what, past+1), Content: content})
			if err == nil {
				require.NoError(t, s.owner.UpdateTemplate(s.owner.ctx, smn.UpdateTemplateInput{ID: id, Content: content}))
			} else {
				id := s.template(t, smn.CreateTemplateInput{Name: fmt.Sprint(what, "of-update"), Content: "{a}"})
				update := s.owner.UpdateTemplate(s.owner.ctx, smn.UpdateTemplateInput{ID: id, Content: content})
				requireCode(t, smn.CodeOf(err), update, "the same rules for both")
			}
			return smn.CodeOf(err)
		}
		different := "{" + strings.Join(numbered(smn.MaxVariables+past), "}{") + "}"
		require.Equal(t, want(smn.TooManyVariables), code("variables", different), past)
		require.Equal(t, want(smn.TooManyVariables), code("uses", strings.Repeat("{a}", smn.MaxVariableUses+past)), past)
		require.Equal(t, want(smn.InvalidTemplateContent), code("bytes", strings.Repeat("c", smn.MaxMessage+past)), past)
		require.Equal(t, want(smn.InvalidTemplateName), smn.CodeOf(create(smn.CreateTemplateInput{Name: strings.Repeat("n", smn.MaxTemplateName+past), Content: "c"})), past)
	}
	_, err := s.owner.GetTemplate(s.owner.ctx, smn.TemplateInput{ID: strings.Repeat("0", 32)})
	requireCode(t, smn.TemplateNotFound, err)
}

func listTemplates(t *testing.T, s *suite) {
	page, err := s.owner.ListTemplates(s.owner.ctx, smn.ListTemplatesInput{})
	require.NoError(t, err)
	require.Zero(t, page.Total)
	require.NotNil(t, page.Templates, "an empty list is a list")
	type variant struct {
		id, name string
		protocol smn.Protocol
	}
	var all []variant
	for i := range 7 {
		v := variant{name: fmt.Sprint("name", 5-i/2), protocol: smn.DefaultVariant}
		if i%2 == 1 {
			v.protocol = smn.Email
		}
		v.id = s.template(t, smn.CreateTemplateInput{Name: v.name, Protocol: v.protocol, Content: "{x}"})
		all = append(all, v)
	}
	for _, name := range []string{"", "name4", "name", "NAME4"} {
		for _, p := range []smn.Protocol{"", smn.DefaultVariant, smn.Email, smn.SMS} {
			want := []string{}
			for _, v := range all {
				if (name == "" || name == v.name) && (p == "" || p == v.protocol) {
					want = append(want, v.id)
				}
			}
			for offset := range 8 {
				for _, limit := range []int{1, 3, 100} {
					page, err := s.owner.ListTemplates(s.owner.ctx, smn.ListTemplatesInput{Name: name, Protocol: p, Page: smn.Page{Offset: offset, Limit: limit}})
					require.NoError(t, err)
					got := []string{}
					for _, template := range page.Templates {
						got = append(got, template.ID)
						require.Empty(t, template.Content)
						require.Equal(t, []string{"x"}, template.TagNames)
					}
					require.Equal(t, naivePage(want, offset, limit), got)
					require.Equal(t, len(want), page.Total, "the count is that of the filtered list")
				}
			}
		}
	}
	for code, in := range map[smn.Code]smn.ListTemplatesInput{
		smn.InvalidTemplateName: {Name: "a b"},
		smn.InvalidProtocol:     {Protocol: "pigeon"},
	} {
		_, err := s.owner.ListTemplates(s.owner.ctx, in)
		requireCode(t, code, err)
	}
	for _, marker := range notTemplateIDs {
		_, err := s.owner.ListTemplates(s.owner.ctx, smn.ListTemplatesInput{Marker: marker})
		requireCode(t, smn.InvalidPage, err, marker)
	}
}

// listTemplatesByMarker pages while others come and go.
func listTemplatesByMarker(t *testing.T, s *suite) {
	var all []string
	for i := range 9 {
		all = append(all, s.template(t, smn.CreateTemplateInput{Name: fmt.Sprint("name", i), Content: "{x}"}))
	}
	page := func(marker string) []string {
		page, err := s.owner.ListTemplates(s.owner.ctx, smn.ListTemplatesInput{Page: smn.Page{Limit: 4, Offset: 1}, Marker: marker})
		require.NoError(t, err)
		require.Equal(t, len(all), page.Total, "the count is that of the whole list")
		got := []string{}
		for _, template := range page.Templates {
			got = append(got, template.ID)
		}
		return got
	}
	require.Equal(t, all[1:5], page(all[0]), "the marker replaces the offset")

	require.NoError(t, s.owner.DeleteTemplate(s.owner.ctx, smn.TemplateInput{ID: all[4]}))
	late := s.template(t, smn.CreateTemplateInput{Name: "late", Content: "{x}"})
	require.Equal(t, all[5:9], page(all[4]), "the place of one that is gone")
	require.Equal(t, []string{late}, page(all[8]))
	require.Empty(t, page(late), "clients stop at an empty page")
}

// notTemplateIDs are no ids of templates.
var notTemplateIDs = []string{"x", "../topics", strings.Repeat("0", 31), strings.Repeat("0", 33), strings.Repeat("A", 32), strings.Repeat("0", 31) + "?"}

func updateTemplate(t *testing.T, s *suite) {
	id := s.template(t, smn.CreateTemplateInput{Name: "disk", Content: "{a}"})
	before, err := s.owner.GetTemplate(s.owner.ctx, smn.TemplateInput{ID: id})
	require.NoError(t, err)
	require.NoError(t, s.owner.UpdateTemplate(s.owner.ctx, smn.UpdateTemplateInput{ID: id, Content: "{c} {b}"}))
	after, err := s.owner.GetTemplate(s.owner.ctx, smn.TemplateInput{ID: id})
	require.NoError(t, err)
	require.False(t, after.UpdatedAt.Before(before.UpdatedAt))
	before.Content, before.TagNames, before.UpdatedAt = "{c} {b}", []string{"c", "b"}, after.UpdatedAt
	require.Equal(t, before, after)

	requireCode(t, smn.InvalidTemplateContent, s.owner.UpdateTemplate(s.owner.ctx, smn.UpdateTemplateInput{ID: id}))
	requireCode(t, smn.TemplateNotFound, s.owner.UpdateTemplate(s.owner.ctx, smn.UpdateTemplateInput{ID: strings.Repeat("0", 32), Content: "c"}))
	for _, bad := range notTemplateIDs {
		requireCode(t, smn.InvalidTemplateID, s.owner.UpdateTemplate(s.owner.ctx, smn.UpdateTemplateInput{ID: bad, Content: "c"}), bad)
	}
}

func deleteTemplate(t *testing.T, s *suite) {
	id := s.template(t, smn.CreateTemplateInput{Name: "disk", Content: "{a}"})
	keep := s.template(t, smn.CreateTemplateInput{Name: "disk", Protocol: smn.SMS, Content: "{a}"})
	in := smn.TemplateInput{ID: id}
	require.NoError(t, s.owner.DeleteTemplate(s.owner.ctx, in))
	requireCode(t, smn.TemplateNotFound, s.owner.DeleteTemplate(s.owner.ctx, in), "the second time")
	_, err := s.owner.GetTemplate(s.owner.ctx, in)
	requireCode(t, smn.TemplateNotFound, err)
	page, err := s.owner.ListTemplates(s.owner.ctx, smn.ListTemplatesInput{})
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
	require.Equal(t, keep, page.Templates[0].ID)
	require.NotEqual(t, id, s.template(t, smn.CreateTemplateInput{Name: "disk", Content: "{a}"}), "its name is free again")
	for _, bad := range notTemplateIDs {
		requireCode(t, smn.InvalidTemplateID, s.owner.DeleteTemplate(s.owner.ctx, smn.TemplateInput{ID: bad}), bad)
		_, err := s.owner.GetTemplate(s.owner.ctx, smn.TemplateInput{ID: bad})
		requireCode(t, smn.InvalidTemplateID, err, bad)
	}
}

// foreignTemplates sees that templates of others do not exist.
func foreignTemplates(t *testing.T, s *suite) {
	id := s.template(t, smn.CreateTemplateInput{Name: "private", Content: "{a}"})
	x := s.stranger
	_, err := x.GetTemplate(x.ctx, smn.TemplateInput{ID: id})
	requireCode(t, smn.TemplateNotFound, err)
	requireCode(t, smn.TemplateNotFound, x.UpdateTemplate(x.ctx, smn.UpdateTemplateInput{ID: id, Content: "mine"}))
	requireCode(t, smn.TemplateNotFound, x.DeleteTemplate(x.ctx, smn.TemplateInput{ID: id}))
	page, err := x.ListTemplates(x.ctx, smn.ListTemplatesInput{})
	require.NoError(t, err)
	require.Empty(t, page.Templates)
	out, err := x.CreateTopic(x.ctx, smn.CreateTopicInput{Name: "topic"})
	require.NoError(t, err)
	_, err = x.Publish(x.ctx, smn.PublishInput{TopicURN: out.URN, TemplateName: "private", Tags: map[string]string{"a": "b"}})
	requireCode(t, smn.TemplateNotFound, err)
	_, err = x.CreateTemplate(x.ctx, smn.CreateTemplateInput{Name: "private", Content: "names are a project's own"})
	require.NoError(t, err)
	got, err := s.owner.GetTemplate(s.owner.ctx, smn.TemplateInput{ID: id})
	require.NoError(t, err)
	require.Equal(t, "{a}", got.Content)
	_, err = s.anyone.CreateTemplate(s.anyone.ctx, smn.CreateTemplateInput{Name: "a", Content: "c"})
	require.Contains(t, []smn.Code{smn.Forbidden, smn.Unauthenticated}, smn.CodeOf(err))
}
