package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// SetTags implements smn.Tags.
func (b *Broker) SetTags(ctx context.Context, in smn.SetTagsInput) error {
	key, err := b.ownResource(ctx, in, in.Resource)
	if err != nil {
		return err
	}
	err = b.Store.PutTags(ctx, key, in.Tags, smn.MaxTags)
	if errors.Is(err, store.ErrLimit) {
		return smn.Errorf(smn.InvalidTag, "a resource has at most %d tags", smn.MaxTags)
	}
	return resourceError(in.Resource, err)
}

// RemoveTags implements smn.Tags.
func (b *Broker) RemoveTags(ctx context.Context, in smn.RemoveTagsInput) error {
	key, err := b.ownResource(ctx, in, in.Resource)
	if err != nil {
		return err
	}
	_, err = b.Store.DeleteTags(ctx, key, in.Keys...)
	return resourceError(in.Resource, err)
}

// DeleteTag implements smn.Tags.
func (b *Broker) DeleteTag(ctx context.Context, in smn.DeleteTagInput) error {
	key, err := b.ownResource(ctx, in, in.Resource)
	if err != nil {
		return err
	}
	deleted, err := b.Store.DeleteTags(ctx, key, in.Key)
	if err == nil && deleted == 0 {
		return smn.Errorf(smn.ResourceNotFound, "the resource has no tag of this key")
	}
	return resourceError(in.Resource, err)
}

// ListTags implements smn.Tags.
func (b *Broker) ListTags(ctx context.Context, in smn.ResourceInput) ([]smn.Tag, error) {
	key, err := b.ownResource(ctx, in, in.Resource)
	if err != nil {
		return nil, err
	}
	tags, err := b.Store.ListTags(ctx, key)
	return list(tags), resourceError(in.Resource, err)
}

// ownResource is how every call on the tags of a resource begins. It finds the
// resource in the caller's project.
func (b *Broker) ownResource(ctx context.Context, in any, r smn.Resource) (store.TagKey, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return store.TagKey{}, err
	}
	key := store.TagKey{Project: caller.Project, Kind: kindOf(r.Type)}
	switch {
	case r.Type == smn.TopicResource && r.ByName:
		var topic store.Topic
		topic, err = b.Store.GetTopic(ctx, caller.Project, r.ID)
		key.ID = topic.ID
	case r.Type == smn.TopicResource:
		var topic store.Topic
		topic, err = b.Store.FindTopic(ctx, caller.Project, r.ID)
		key.ID = topic.ID
	case r.ByName:
		key.ID, err = b.applicationNamed(ctx, caller.Project, r.ID)
	default:
		var d store.Document
		d, err = b.Store.GetDocument(ctx, store.DocumentKey{Owner: caller.Project, Kind: key.Kind, ID: r.ID})
		key.ID = d.ID
	}
	return key, resourceError(r, err)
}

func kindOf(t smn.ResourceType) string {
	if t == smn.TopicResource {
		return store.TopicKind
	}
	return applicationKind
}

// resourceError is the one translation of what can go wrong with a named resource.
func resourceError(r smn.Resource, err error) error {
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("tags of %s %s: %w", r.Type, r.ID, err)
	case r.Type == smn.TopicResource:
		return smn.Errorf(smn.TopicNotFound, "the project has no such topic; a name needs the header X-SMN-RESOURCEID-TYPE: name")
	}
	return smn.Errorf(smn.ResourceNotFound, "the project has no such %s; a name needs the header X-SMN-RESOURCEID-TYPE: name, and is none when applications of several platforms have it", r.Type)
}

// ListProjectTags implements smn.Tags.
func (b *Broker) ListProjectTags(ctx context.Context, in smn.ListProjectTagsInput) ([]smn.TagValues, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	tagged, err := b.Store.ListTagged(ctx, caller.Project, kindOf(in.Type))
	if err != nil {
		return nil, fmt.Errorf("list tags of %s: %w", in.Type, err)
	}
	return gather(tagged), nil
}

// gather sorts all tags by key and value and drops repeats.
func gather(tagged []store.Tagged) []smn.TagValues {
	var tags []smn.Tag
	for _, t := range tagged {
		tags = append(tags, t.Tags...)
	}
	slices.SortFunc(tags, compareTags)
	values := []smn.TagValues{}
	for _, tag := range slices.Compact(tags) {
		if len(values) == 0 || values[len(values)-1].Key != tag.Key {
			values = append(values, smn.TagValues{Key: tag.Key})
		}
		last := &values[len(values)-1]
		last.Values = append(last.Values, tag.Value)
	}
	return values
}

func compareTags(a, b smn.Tag) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
}

// FindResources implements smn.Tags. A project has few resources, so all are
// looked at.
func (b *Broker) FindResources(ctx context.Context, in smn.FindResourcesInput) (smn.TaggedResourcePage, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.TaggedResourcePage{}, err
	}
	all, err := b.resources(ctx, caller.Project, in.Type)
	if err != nil {
		return smn.TaggedResourcePage{}, fmt.Errorf("find %s: %w", in.Type, err)
	}
	found := slices.DeleteFunc(all, func(r smn.TaggedResource) bool { return !fits(r, in) })
	page := smn.TaggedResourcePage{Resources: []smn.TaggedResource{}, Total: len(found)}
	if in.CountOnly {
		return page, nil
	}
	limit := in.Limit
	if limit == 0 {
		limit = smn.MaxResources
	}
	offset := min(in.Offset, len(found))
	page.Resources = list(found[offset : offset+min(limit, len(found)-offset)])
	return page, nil
}

// resources are all resources of a type, with their tags.
func (b *Broker) resources(ctx context.Context, project string, t smn.ResourceType) ([]smn.TaggedResource, error) {
	tags, err := b.tagsByID(ctx, project, kindOf(t))
	if err != nil {
		return nil, err
	}
	var all []smn.TaggedResource
	if t == smn.TopicResource {
		page, err := b.Store.ListTopics(ctx, store.TopicQuery{Project: project, Limit: math.MaxInt32})
		for _, topic := range page.Topics {
			all = append(all, smn.TaggedResource{
				ID: topic.ID, Name: topic.Name, Tags: list(tags[topic.ID]), TopicURN: b.urn(project, topic.Name).String(),
				DisplayName: topic.DisplayName, EnterpriseProjectID: topic.EnterpriseProjectID,
			})
		}
		return all, err
	}
	applications, err := b.applications(ctx, project)
	for _, a := range applications {
		all = append(all, smn.TaggedResource{ID: a.ID, Name: a.URN.Name, Tags: list(tags[a.ID])})
	}
	return all, err
}

// applicationNamed finds the application of a name, which is unique in its
// platform only: one that several have is nobody's. store.ErrNotFound.
func (b *Broker) applicationNamed(ctx context.Context, project, name string) (id string, err error) {
	all, err := b.applications(ctx, project)
	if err != nil {
		return "", err
	}
	all = slices.DeleteFunc(all, func(a smn.Application) bool { return a.URN.Name != name })
	if len(all) != 1 {
		return "", store.ErrNotFound
	}
	return all[0].ID, nil
}

// tagsByID are the tags of all resources of a kind, by the resource's id.
func (b *Broker) tagsByID(ctx context.Context, project, kind string) (map[string][]smn.Tag, error) {
	tagged, err := b.Store.ListTagged(ctx, project, kind)
	tags := make(map[string][]smn.Tag, len(tagged))
	for _, t := range tagged {
		tags[t.ID] = t.Tags
	}
	return tags, err
}

// fits says whether a resource meets all conditions of a query.
func fits(r smn.TaggedResource, in smn.FindResourcesInput) bool {
	for _, m := range in.Matches {
		if r.Name != m.Value {
			return false
		}
	}
	if in.WithoutAnyTag {
		return len(r.Tags) == 0
	}
	missing := func(c smn.TagValues) bool { return !has(r.Tags, c) }
	present := func(c smn.TagValues) bool { return has(r.Tags, c) }
	return !slices.ContainsFunc(in.Tags, missing) &&
		(len(in.TagsAny) == 0 || slices.ContainsFunc(in.TagsAny, present)) &&
		(len(in.NotTags) == 0 || slices.ContainsFunc(in.NotTags, missing)) &&
		!slices.ContainsFunc(in.NotTagsAny, present)
}

// has says whether one of the tags is what a condition asks for.
func has(tags []smn.Tag, c smn.TagValues) bool {
	return slices.ContainsFunc(tags, func(tag smn.Tag) bool {
		return tag.Key == c.Key && (len(c.Values) == 0 || slices.Contains(c.Values, tag.Value))
	})
}

// list is a list that is never nil.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
