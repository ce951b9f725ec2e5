package validation

import (
	"errors"
	"fmt"
	"slices"

	"tocsin/shared/smn"
)

var (
	errTagKey   = fmt.Errorf("the key of a tag must be one line of 1 to %d characters", smn.MaxTagKey)
	errTagValue = fmt.Errorf("the value of a tag must be one line of at most %d characters", smn.MaxTagValue)
)

func isTagKey(s string) bool { return s != "" && isLineOf(s, smn.MaxTagKey) }

func isTagValue(s string) bool { return isLineOf(s, smn.MaxTagValue) }

// checkTags: several tags for one resource, whose keys differ.
func checkTags(tags []smn.Tag) error {
	keys := make([]string, len(tags))
	for i, tag := range tags {
		if !isTagValue(tag.Value) {
			return errTagValue
		}
		if slices.Contains(keys[:i], tag.Key) {
			return errors.New("the keys of the tags must differ")
		}
		keys[i] = tag.Key
	}
	return checkTagKeys(keys)
}

func checkTagKeys(keys []string) error {
	if len(keys) < 1 || len(keys) > smn.MaxTags {
		return fmt.Errorf("a change has 1 to %d tags", smn.MaxTags)
	}
	if !all(keys, isTagKey) {
		return errTagKey
	}
	return nil
}

func checkTagConditions(conditions []smn.TagValues) error {
	if len(conditions) > smn.MaxTags {
		return fmt.Errorf("a condition has at most %d keys", smn.MaxTags)
	}
	for _, c := range conditions {
		switch {
		case !isTagKey(c.Key):
			return errTagKey
		case len(c.Values) > smn.MaxTagValues:
			return fmt.Errorf("a key in a condition has at most %d values", smn.MaxTagValues)
		case !all(c.Values, isTagValue):
			return errTagValue
		}
	}
	return nil
}

// checkMatches: names, which are bounded like the ids that they stand for.
func checkMatches(matches []smn.ResourceMatch) error {
	if len(matches) > smn.MaxTags {
		return fmt.Errorf("matches has at most %d items", smn.MaxTags)
	}
	for _, m := range matches {
		switch {
		case m.Key != smn.MatchName:
			return errors.New("the key of a match must be " + smn.MatchName)
		case !isLineOf(m.Value, maxResourceID):
			return fmt.Errorf("the value of a match must be one line of at most %d characters", maxResourceID)
		}
	}
	return nil
}

// maxResourceID is that of the longest name.
const maxResourceID = smn.MaxTopicName

// isResourceID: an id or a name; one that nothing has finds nothing.
func isResourceID(s string) bool { return s != "" && isLineOf(s, maxResourceID) }

func isResourceType(s string) bool {
	return s == string(smn.TopicResource) || s == string(smn.ApplicationResource)
}
