package wire

import (
	"strconv"
	"strings"

	"tocsin/shared/smn"
)

// The header that says whether a resource in the path is named by its name or, as
// without it, by its id.
const (
	HeaderResourceIDType = "X-SMN-RESOURCEID-TYPE"
	ResourceIDTypeName   = "name"
)

// Tag is a tag of a resource.
type Tag struct {
	Key   string `json:"key" code:"InvalidTag"`
	Value string `json:"value" code:"InvalidTag"`
}

// TagValues is a key with several values.
type TagValues struct {
	Key    string   `json:"key" code:"InvalidTag"`
	Values []string `json:"values" code:"InvalidTag"` // never null
}

// SetTagRequest is the body that puts one tag on a resource.
type SetTagRequest struct {
	Tag Tag `json:"tag" code:"InvalidTag"`
}

// The actions of ChangeTagsRequest.
const (
	CreateTags = "create"
	DeleteTags = "delete"
)

// ChangeTagsRequest is the body that puts several tags on a resource, or takes
// them off. There the values do not count.
type ChangeTagsRequest struct {
	Action string `json:"action" code:"InvalidAction"`
	Tags   []Tag  `json:"tags" code:"InvalidTag"`
}

// ListTagsResponse answers with the tags of a resource. Like all answers about
// tags it has no request_id.
type ListTagsResponse struct {
	Tags []Tag `json:"tags"` // never null
}

// ListProjectTagsResponse answers with the tags of a project.
type ListProjectTagsResponse struct {
	Tags []TagValues `json:"tags"` // never null
}

// The actions of FindResourcesRequest.
const (
	FilterResources = "filter"
	CountResources  = "count"
)

// FindResourcesRequest is the body of a query by tags.
type FindResourcesRequest struct {
	Action        string          `json:"action" code:"InvalidAction"`
	Tags          []TagValues     `json:"tags,omitempty" code:"InvalidTag"`
	TagsAny       []TagValues     `json:"tags_any,omitempty" code:"InvalidTag"`
	NotTags       []TagValues     `json:"not_tags,omitempty" code:"InvalidTag"`
	NotTagsAny    []TagValues     `json:"not_tags_any,omitempty" code:"InvalidTag"`
	Matches       []ResourceMatch `json:"matches,omitempty" code:"InvalidParameter"`
	WithoutAnyTag bool            `json:"without_any_tag,omitempty" code:"InvalidParameter"`
	Offset        *Count          `json:"offset,omitempty" code:"InvalidPage"`
	Limit         *Count          `json:"limit,omitempty" code:"InvalidPage"`
}

// ResourceMatch asks for resources by something else than tags.
type ResourceMatch struct {
	Key   string `json:"key" code:"InvalidParameter"`
	Value string `json:"value" code:"InvalidParameter"`
}

// FindResourcesResponse answers it.
type FindResourcesResponse struct {
	Resources  []TaggedResource `json:"resources"` // never null
	TotalCount int              `json:"total_count"`
}

// CountResourcesResponse answers it when only the number was asked for.
type CountResourcesResponse struct {
	TotalCount int `json:"total_count"`
}

// TaggedResource is a resource with its tags.
type TaggedResource struct {
	ResourceID     string         `json:"resource_id"`
	ResourceName   string         `json:"resource_name"`
	ResourceDetail ResourceDetail `json:"resource_detail"`
	Tags           []Tag          `json:"tags"` // never null
}

// ResourceDetail is what is known of a resource beside its name.
type ResourceDetail struct {
	EnterpriseProjectID string `json:"enterprise_project_id"`
	DetailID            string `json:"detailId"` // as SMN spells it
	TopicURN            string `json:"topic_urn"`
	DisplayName         string `json:"display_name"`
}

// Count is a number of items, 0 or more. Where tags are concerned SMN writes it
// as a string; a number is read as well.
type Count int

// NewCount spells a number; nil for zero.
func NewCount(n int) *Count {
	if n == 0 {
		return nil
	}
	c := Count(n)
	return &c
}

// Int is the number itself, or absent when there is none.
func (c *Count) Int(absent int) int {
	if c == nil {
		return absent
	}
	return int(*c)
}

// MarshalJSON writes the string form.
func (c Count) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, strconv.Itoa(int(c))), nil
}

// UnmarshalJSON reads "10" and 10.
func (c *Count) UnmarshalJSON(b []byte) error {
	text := string(b)
	if inner, ok := strings.CutPrefix(text, `"`); ok {
		text = strings.TrimSuffix(inner, `"`)
	}
	n, err := strconv.ParseUint(text, 10, 31) // digits only
	if err != nil {
		return smn.Errorf(smn.InvalidPage, "offset and limit must be whole numbers, not negative")
	}
	*c = Count(n)
	return nil
}

// NewTags spells tags.
func NewTags(tags []smn.Tag) []Tag {
	return List(tags, func(t smn.Tag) Tag { return Tag(t) })
}

// ReadTags reads what NewTags spelt.
func ReadTags(tags []Tag) []smn.Tag {
	return List(tags, func(t Tag) smn.Tag { return smn.Tag(t) })
}

// NewTagValues spells keys with their values.
func NewTagValues(tags []smn.TagValues) []TagValues {
	return List(tags, func(t smn.TagValues) TagValues {
		return TagValues{Key: t.Key, Values: List(t.Values, func(v string) string { return v })}
	})
}

// ReadTagValues reads what NewTagValues spelt.
func ReadTagValues(tags []TagValues) []smn.TagValues {
	return List(tags, func(t TagValues) smn.TagValues { return smn.TagValues(t) })
}

// NewMatches spells matches.
func NewMatches(matches []smn.ResourceMatch) []ResourceMatch {
	return List(matches, func(m smn.ResourceMatch) ResourceMatch { return ResourceMatch(m) })
}

// ReadMatches reads what NewMatches spelt.
func ReadMatches(matches []ResourceMatch) []smn.ResourceMatch {
	return List(matches, func(m ResourceMatch) smn.ResourceMatch { return smn.ResourceMatch(m) })
}

// NewTaggedResource spells a resource.
func NewTaggedResource(r smn.TaggedResource) TaggedResource {
	return TaggedResource{
		ResourceID:   r.ID,
		ResourceName: r.Name,
		ResourceDetail: ResourceDetail{
			EnterpriseProjectID: r.EnterpriseProjectID,
			DetailID:            r.ID,
			TopicURN:            r.TopicURN,
			DisplayName:         r.DisplayName,
		},
		Tags: NewTags(r.Tags),
	}
}

// Resource reads what NewTaggedResource spelt.
func (r TaggedResource) Resource() smn.TaggedResource {
	return smn.TaggedResource{
		ID:                  r.ResourceID,
		Name:                r.ResourceName,
		Tags:                ReadTags(r.Tags),
		TopicURN:            r.ResourceDetail.TopicURN,
		DisplayName:         r.ResourceDetail.DisplayName,
		EnterpriseProjectID: r.ResourceDetail.EnterpriseProjectID,
	}
}
