package dynamostore

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

func newTemplate(project, name string) store.Template {
	return store.Template{ID: smn.NewID(), Project: project, Name: name, Protocol: smn.DefaultVariant, VersionID: smn.NewID(), Content: "text"}
}

// A version that is out of use is kept as long as a message may need it, and one
// that is in use for ever.
func TestVersionsExpire(t *testing.T) {
	db, _ := open(t)
	now := time.Now()
	db.now = func() time.Time { return now }
	template := newTemplate(smn.NewID(), "disk")
	require.NoError(t, db.CreateTemplate(t.Context(), template, 1))
	requireVersions := func(want map[string]bool) {
		t.Helper()
		for id, there := range want {
			_, err := db.GetTemplateVersion(t.Context(), id)
			require.Equal(t, !there, errors.Is(err, store.ErrNotFound), id)
		}
	}
	first := template.VersionID
	template.VersionID = smn.NewID()
	for range 2 { // a repeat does not put it out of use
		require.NoError(t, db.UpdateTemplate(t.Context(), template))
	}
	now = now.Add(keepVersions - time.Second)
	requireVersions(map[string]bool{first: true, template.VersionID: true})
	now = now.Add(2 * time.Second)
	requireVersions(map[string]bool{first: false, template.VersionID: true})
	require.NoError(t, db.DeleteTemplate(t.Context(), template.Project, template.ID, now))
	now = now.Add(keepVersions + 2*time.Second)
	requireVersions(map[string]bool{template.VersionID: false})
}

// Changes of one template that meet come one after the other, and a project has no
// more templates than its limit.
func TestTemplatesAtOnce(t *testing.T) {
	db, _ := open(t)
	project := smn.NewID()
	first := newTemplate(project, "disk")
	require.NoError(t, db.CreateTemplate(t.Context(), first, 8))
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			changed := first
			changed.VersionID = smn.NewID()
			if err := db.UpdateTemplate(t.Context(), changed); err != nil {
				t.Error(err)
			}
			if err := db.CreateTemplate(t.Context(), newTemplate(project, smn.NewID()), 8); err != nil && !errors.Is(err, store.ErrLimit) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	page, err := db.ListTemplates(t.Context(), store.TemplateQuery{Project: project, Limit: 100})
	require.NoError(t, err)
	require.Equal(t, 8, page.Total)
	for _, template := range page.Templates {
		version, found, err := db.get(t.Context(), versionKey(template.VersionID))
		require.NoError(t, err)
		require.True(t, found)
		require.False(t, version.has("ttl"))
		require.NoError(t, db.DeleteTemplate(t.Context(), project, template.ID, time.Now()))
	}
	require.NoError(t, db.CreateTemplate(t.Context(), newTemplate(project, "disk"), 1), "there is room again")
}

func TestCostsOfTemplates(t *testing.T) {
	db, _ := open(t)
	template := newTemplate(smn.NewID(), "disk")
	requireCost(t, db, 0, 8, "create", func() error { return db.CreateTemplate(t.Context(), template, 10) })
	requireCost(t, db, 2, 0, "get", func() error {
		_, err := db.GetTemplate(t.Context(), template.Project, template.ID)
		return err
	})
	requireCost(t, db, 3, 0, "find", func() error {
		_, err := db.FindTemplates(t.Context(), template.Project, template.Name)
		return err
	})
	requireCost(t, db, 1, 0, "version", func() error {
		_, err := db.GetTemplateVersion(t.Context(), template.VersionID)
		return err
	})
	template.VersionID = smn.NewID()
	requireCost(t, db, 1, 6, "update", func() error { return db.UpdateTemplate(t.Context(), template) })
	requireCost(t, db, 1, 8, "delete", func() error { return db.DeleteTemplate(t.Context(), template.Project, template.ID, time.Now()) })
}
