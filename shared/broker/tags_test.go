package broker_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/smn"
)

// TestFindResourcesIsTheModel compares queries with what their sentences say,
// resource by resource.
func TestFindResourcesIsTheModel(t *testing.T) {
	f := open(t, nil)
	keys, values := []string{"a", "b", "c"}, []string{"", "1", "2"}
	var names []string // newest first
	tagsOf := map[string]map[string]string{}
	for i := range 20 {
		name := fmt.Sprint("t", i)
		_, err := f.CreateTopic(f.ctx, smn.CreateTopicInput{Name: name})
		require.NoError(t, err)
		tagsOf[name] = map[string]string{}
		for k, key := range keys {
			if digit := []int{i, i / 4, i / 16}[k] % 4; digit < len(values) {
				tagsOf[name][key] = values[digit]
				require.NoError(t, f.SetTags(f.ctx, smn.SetTagsInput{
					Resource: smn.Resource{Type: smn.TopicResource, ID: name, ByName: true}, Tags: []smn.Tag{{Key: key, Value: values[digit]}},
				}))
			}
		}
		names = append([]string{name}, names...)
	}
	condition := rapid.Custom(func(t *rapid.T) smn.TagValues {
		return smn.TagValues{
			Key:    rapid.SampledFrom([]string{"a", "b", "c", "x"}).Draw(t, "key"),
			Values: rapid.SliceOfN(rapid.SampledFrom([]string{"", "1", "2", "x"}), 0, 2).Draw(t, "values"),
		}
	})
	conditions := rapid.SliceOfN(condition, 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		in := smn.FindResourcesInput{
			Type:          smn.TopicResource,
			Tags:          conditions.Draw(t, "tags"),
			TagsAny:       conditions.Draw(t, "tags any"),
			NotTags:       conditions.Draw(t, "not tags"),
			NotTagsAny:    conditions.Draw(t, "not tags any"),
			WithoutAnyTag: rapid.IntRange(0, 9).Draw(t, "without") == 0,
			Offset:        rapid.IntRange(0, 22).Draw(t, "offset"),
			Limit:         rapid.IntRange(1, 22).Draw(t, "limit"),
		}
		if rapid.Bool().Draw(t, "by name") {
			in.Matches = []smn.ResourceMatch{{Key: smn.MatchName, Value: rapid.SampledFrom(names).Draw(t, "name")}}
		}
		want := []string{}
		for _, name := range names {
			if model(in, name, tagsOf[name]) {
				want = append(want, name)
			}
		}
		page, err := f.FindResources(f.ctx, in)
		require.NoError(t, err)
		require.Equal(t, len(want), page.Total)
		got := []string{}
		for _, r := range page.Resources {
			got = append(got, r.Name)
		}
		low := min(in.Offset, len(want))
		require.Equal(t, want[low:min(low+in.Limit, len(want))], got)
	})
}

// model counts how many conditions of each list hold.
func model(in smn.FindResourcesInput, name string, tags map[string]string) bool {
	for _, m := range in.Matches {
		if m.Value != name {
			return false
		}
	}
	if in.WithoutAnyTag {
		return len(tags) == 0
	}
	holding := func(conditions []smn.TagValues) (n int) {
		for _, c := range conditions {
			have, ok := tags[c.Key]
			holds := ok && len(c.Values) == 0
			for _, v := range c.Values {
				holds = holds || ok && v == have
			}
			if holds {
				n++
			}
		}
		return n
	}
	if holding(in.Tags) < len(in.Tags) || holding(in.NotTagsAny) > 0 {
		return false
	}
	if len(in.TagsAny) > 0 && holding(in.TagsAny) == 0 {
		return false
	}
	return len(in.NotTags) == 0 || holding(in.NotTags) < len(in.NotTags)
}
