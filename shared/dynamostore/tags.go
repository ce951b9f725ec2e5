package dynamostore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// tagRow is one of a list, which is the attribute v: the tags of a thing, by key.
type tagRow struct {
	Key   string `json:"k"`
	Value string `json:"v,omitempty"`
}

func (r row) tags() ([]smn.Tag, error) {
	var list []tagRow
	if err := r.decode(&list); err != nil {
		return nil, err
	}
	tags := make([]smn.Tag, len(list))
	for i, t := range list {
		tags[i] = smn.Tag(t)
	}
	return tags, nil
}

// PutTags meets store.Tags.
func (db *DB) PutTags(ctx context.Context, key store.TagKey, tags []smn.Tag, limit int) error {
	err := db.changeTags(ctx, key, func(kept []smn.Tag) ([]smn.Tag, error) {
		all := slices.DeleteFunc(slices.Clone(kept), func(t smn.Tag) bool { return has(tags, t.Key) })
		all = append(all, tags...)
		if len(all) > limit && len(all) > len(kept) {
			return nil, store.ErrLimit
		}
		slices.SortFunc(all, func(a, b smn.Tag) int { return cmp.Compare(a.Key, b.Key) })
		return all, nil
	}, isThere(key))
	if err != nil {
		return fmt.Errorf("put tags on %s %s: %w", key.Kind, key.ID, err)
	}
	return nil
}

func has(tags []smn.Tag, key string) bool {
	return slices.ContainsFunc(tags, func(t smn.Tag) bool { return t.Key == key })
}

// DeleteTags meets store.Tags.
func (db *DB) DeleteTags(ctx context.Context, key store.TagKey, keys ...string) (deleted int, err error) {
	err = db.changeTags(ctx, key, func(kept []smn.Tag) ([]smn.Tag, error) {
		left := slices.DeleteFunc(slices.Clone(kept), func(t smn.Tag) bool { return slices.Contains(keys, t.Key) })
		deleted = len(kept) - len(left)
		return left, nil
	})
	if err != nil {
		return 0, fmt.Errorf("delete tags of %s %s: %w", key.Kind, key.ID, err)
	}
	return deleted, nil
}

// changeTags replaces the tags of a thing by what change makes of them, if the
// conditions hold; else it is store.ErrNotFound. The number of tags changes when any
// of them goes.
func (db *DB) changeTags(ctx context.Context, k store.TagKey, change func(kept []smn.Tag) ([]smn.Tag, error), conditions ...write) error {
	for { // until nobody is faster
		r, found, err := db.get(ctx, tagsKey(k))
		if err != nil {
			return err
		}
		unchanged, kept := []value(nil), []smn.Tag(nil)
		if found {
			unchanged = []value{s(r.str("rev"))}
			if kept, err = r.tags(); err != nil {
				return err
			}
		}
		tags, err := change(kept)
		if err != nil {
			return err
		}
		var w write
		switch {
		case len(tags) > 0:
			list := make([]tagRow, len(tags))
			for i, t := range tags {
				list[i] = tagRow(t)
			}
			w = put(tagsKey(k), item{"rev": s(token()), "v": body(list)})
		case found:
			w = remove(tagsKey(k))
		default:
			return nil
		}
		if found {
			w = w.when("#rev = ?", unchanged...)
		} else {
			w = w.when(absent)
		}
		err = db.transact(ctx, append(slices.Clone(conditions), w)...)
		if index, _ := failedAt(err); index >= 0 && index < len(conditions) {
			return store.ErrNotFound
		}
		if !errors.Is(err, errCondition) {
			return err
		}
	}
}

// ListTags meets store.Tags.
func (db *DB) ListTags(ctx context.Context, key store.TagKey) (tags []smn.Tag, err error) {
	r, found, err := db.get(ctx, tagsKey(key))
	if err == nil && found {
		tags, err = r.tags()
	}
	if err != nil {
		return nil, fmt.Errorf("list tags of %s %s: %w", key.Kind, key.ID, err)
	}
	return tags, nil
}

// ListTagged meets store.Tags.
func (db *DB) ListTagged(ctx context.Context, project, kind string) (all []store.Tagged, err error) {
	for r, err := range db.query(ctx, query{pk: tagsKey(store.TagKey{Project: project, Kind: kind}).pk}) {
		var tags []smn.Tag
		if err == nil {
			tags, err = r.tags()
		}
		if err != nil {
			return nil, fmt.Errorf("list tags of kind %s: %w", kind, err)
		}
		all = append(all, store.Tagged{ID: r.sk, Tags: tags})
	}
	return all, nil
}
