package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var templateCases = []testCase{
	{"create, get, find", testCreateTemplate},
	{"a name has one variant for a protocol", testTemplateConflicts},
	{"limit", testTemplateLimit},
	{"of many creators at once one wins", testCreateTemplateAtOnce},
	{"list", testListTemplates},
	{"update makes a new version", testUpdateTemplate},
	{"delete", testDeleteTemplate},
}

func newTemplate(project, name string, p smn.Protocol) store.Template {
	return store.Template{
		ID: smn.NewID(), Project: project, Name: name, Protocol: p, TagNames: []string{"b", "a"},
		VersionID: smn.NewID(), Content: "{b} ünï \x00 {a} " + name, CreatedAt: moment, UpdatedAt: moment.Add(time.Second),
	}
}

func (e env) template(t *testing.T, project, name string, p smn.Protocol) store.Template {
	t.Helper()
	template := newTemplate(project, name, p)
	require.NoError(t, e.CreateTemplate(t.Context(), template, noLimit))
	return template
}

func (e env) version(t *testing.T, id string) string {
	t.Helper()
	content, err := e.GetTemplateVersion(t.Context(), id)
	require.NoError(t, err)
	return content
}

func testCreateTemplate(t *testing.T, e env) {
	project := smn.NewID()
	large := newTemplate(project, "disk", smn.SMS)
	large.Content, large.TagNames = strings.Repeat("ä", smn.MaxMessage/2), []string{}
	require.NoError(t, e.CreateTemplate(t.Context(), large, noLimit))
	plain := e.template(t, project, "disk", smn.DefaultVariant)
	other := e.template(t, project, "other", smn.DefaultVariant)
	e.template(t, smn.NewID(), "disk", smn.DefaultVariant)
	for _, want := range []store.Template{large, plain, other} {
		got, err := e.GetTemplate(t.Context(), project, want.ID)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, want.Content, e.version(t, want.VersionID))
		_, err = e.GetTemplate(t.Context(), smn.NewID(), want.ID)
		require.ErrorIs(t, err, store.ErrNotFound, "it is another project's")
	}
	found, err := e.FindTemplates(t.Context(), project, "disk")
	require.NoError(t, err)
	require.Equal(t, []store.Template{large, plain}, found)
	for _, name := range []string{"", "Disk", "dis"} {
		found, err := e.FindTemplates(t.Context(), project, name)
		require.NoError(t, err)
		require.Empty(t, found, name)
	}
	_, err = e.GetTemplate(t.Context(), project, smn.NewID())
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = e.GetTemplateVersion(t.Context(), smn.NewID())
	require.ErrorIs(t, err, store.ErrNotFound)
}

func testTemplateConflicts(t *testing.T, e env) {
	project := smn.NewID()
	first := e.template(t, project, "disk", smn.DefaultVariant)
	second := newTemplate(project, "disk", smn.DefaultVariant)
	require.ErrorIs(t, e.CreateTemplate(t.Context(), second, noLimit), store.ErrConflict)
	got, err := e.GetTemplate(t.Context(), project, first.ID)
	require.NoError(t, err)
	require.Equal(t, first, got, "nothing has changed")
	_, err = e.GetTemplateVersion(t.Context(), second.VersionID)
	require.ErrorIs(t, err, store.ErrNotFound)
	e.template(t, project, "disk", smn.Email)
	e.template(t, project, "disk2", smn.DefaultVariant)
}

func testTemplateLimit(t *testing.T, e env) {
	project := smn.NewID()
	require.NoError(t, e.CreateTemplate(t.Context(), newTemplate(project, "a", smn.DefaultVariant), 2))
	require.NoError(t, e.CreateTemplate(t.Context(), newTemplate(project, "a", smn.SMS), 2))
	require.ErrorIs(t, e.CreateTemplate(t.Context(), newTemplate(project, "b", smn.SMS), 2), store.ErrLimit)
	require.ErrorIs(t, e.CreateTemplate(t.Context(), newTemplate(project, "a", smn.SMS), 2), store.ErrConflict, "what is there is there, full or not")
	require.NoError(t, e.CreateTemplate(t.Context(), newTemplate(smn.NewID(), "a", smn.SMS), 2), "each project has its own")
}

func testCreateTemplateAtOnce(t *testing.T, e env) {
	project := smn.NewID()
	var wins, conflicts int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			err := e.CreateTemplate(t.Context(), newTemplate(project, "one", smn.DefaultVariant), noLimit)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				wins++
			case errors.Is(err, store.ErrConflict):
				conflicts++
			}
		})
	}
	all.Wait()
	require.Equal(t, 1, wins)
	require.Equal(t, 19, conflicts)
}

func testListTemplates(t *testing.T, e env) {
	project := smn.NewID()
	var all []store.Template
	for i := range 6 {
		p := smn.DefaultVariant
		if i%2 == 1 {
			p = smn.Email
		}
		template := e.template(t, project, fmt.Sprint("name", 9-i/2), p)
		template.Content = ""
		all = append(all, template)
	}
	e.template(t, smn.NewID(), "name9", smn.Email)
	list := func(q store.TemplateQuery) []store.Template {
		q.Project = project
		page, err := e.ListTemplates(t.Context(), q)
		require.NoError(t, err)
		var want []store.Template
		total := 0
		for _, template := range all {
			if (q.Name == "" || q.Name == template.Name) && (q.Protocol == "" || q.Protocol == template.Protocol) {
				total++
				if template.ID > q.After {
					want = append(want, template)
				}
			}
		}
		require.Equal(t, total, page.Total, "whatever is behind After")
		require.ElementsMatch(t, want[min(q.Offset, len(want)):min(q.Offset+q.Limit, len(want))], page.Templates)
		return page.Templates
	}
	for _, name := range []string{"", "name8", "missing"} {
		for _, p := range []smn.Protocol{"", smn.Email, smn.SMS} {
			for offset := range 7 {
				list(store.TemplateQuery{Name: name, Protocol: p, Offset: offset, Limit: 2})
				for _, after := range []string{all[2].ID, all[5].ID, smn.NewID()} {
					list(store.TemplateQuery{Name: name, Protocol: p, After: after, Offset: offset, Limit: 2})
				}
			}
		}
	}
	require.Equal(t, all, list(store.TemplateQuery{Limit: 100}), "in the order of their ids")
	page, err := e.ListTemplates(t.Context(), store.TemplateQuery{Project: smn.NewID(), Limit: 2})
	require.NoError(t, err)
	require.Empty(t, page.Templates)
	require.Zero(t, page.Total)
}

func testUpdateTemplate(t *testing.T, e env) {
	project := smn.NewID()
	first := e.template(t, project, "disk", smn.SMS)
	other := e.template(t, project, "disk", smn.Email)
	change := store.Template{
		ID: first.ID, Project: project, TagNames: []string{}, VersionID: smn.NewID(), Content: "full", UpdatedAt: moment.Add(time.Hour),
	}
	want := first
	want.TagNames, want.VersionID, want.Content, want.UpdatedAt = change.TagNames, change.VersionID, change.Content, change.UpdatedAt
	for range 2 { // a repeat does no harm
		require.NoError(t, e.UpdateTemplate(t.Context(), change))
		got, err := e.GetTemplate(t.Context(), project, first.ID)
		require.NoError(t, err)
		require.Equal(t, want, got)
		found, err := e.FindTemplates(t.Context(), project, "disk")
		require.NoError(t, err)
		require.Equal(t, []store.Template{want, other}, found)
		require.Equal(t, "full", e.version(t, want.VersionID))
		require.Equal(t, first.Content, e.version(t, first.VersionID), "messages may refer to it")
	}
	for _, missing := range []store.Template{{ID: smn.NewID(), Project: project}, {ID: first.ID, Project: smn.NewID()}} {
		missing.VersionID = smn.NewID()
		require.ErrorIs(t, e.UpdateTemplate(t.Context(), missing), store.ErrNotFound)
		_, err := e.GetTemplateVersion(t.Context(), missing.VersionID)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
}

func testDeleteTemplate(t *testing.T, e env) {
	project := smn.NewID()
	first := e.template(t, project, "disk", smn.SMS)
	keep := e.template(t, project, "disk", smn.DefaultVariant)
	require.ErrorIs(t, e.DeleteTemplate(t.Context(), smn.NewID(), first.ID, moment), store.ErrNotFound, "it is another project's")
	require.NoError(t, e.DeleteTemplate(t.Context(), project, first.ID, moment))
	require.ErrorIs(t, e.DeleteTemplate(t.Context(), project, first.ID, moment), store.ErrNotFound)
	_, err := e.GetTemplate(t.Context(), project, first.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	found, err := e.FindTemplates(t.Context(), project, "disk")
	require.NoError(t, err)
	require.Equal(t, []store.Template{keep}, found)
	require.Equal(t, first.Content, e.version(t, first.VersionID), "messages may refer to it")
	e.template(t, project, "disk", smn.SMS) // name and protocol are free again
}
