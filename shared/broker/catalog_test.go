package broker_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// withoutProjectTags is a store that must not be asked for all tags of a project,
// which can be a hundred megabytes.
type withoutProjectTags struct {
	store.Store
	t *testing.T
}

func (s withoutProjectTags) ListTagged(context.Context, string, string) ([]store.Tagged, error) {
	s.t.Error("the tags of all topics were read")
	return nil, nil
}

func TestAPageOfTopicsReadsTheirTagsAlone(t *testing.T) {
	f := open(t, func(c *broker.Config) { c.Store = withoutProjectTags{c.Store, t} })
	f.topic(t)
	tag := smn.Tag{Key: "env", Value: "test"}
	require.NoError(t, f.SetTags(f.ctx, smn.SetTagsInput{
		Resource: smn.Resource{Type: smn.TopicResource, ID: "topic", ByName: true}, Tags: []smn.Tag{tag},
	}))
	page, err := f.ListTopicsWithResources(f.ctx, smn.ListTopicsInput{})
	require.NoError(t, err)
	require.Equal(t, []smn.Tag{tag}, page.Topics[0].Tags)
}
