package smn

import "context"

// Tags are put on topics and applications. A resource of another project does not
// exist here: without it, TopicNotFound for a topic, else ResourceNotFound.
type Tags interface {
	// SetTags puts tags on a resource, all or none. A tag of the same key is
	// overwritten. InvalidTag when the resource would have more than MaxTags.
	SetTags(ctx context.Context, in SetTagsInput) error

	// RemoveTags takes tags off a resource. One that is not there is no error.
	RemoveTags(ctx context.Context, in RemoveTagsInput) error

	// DeleteTag takes one tag off a resource. ResourceNotFound when it is not there.
	DeleteTag(ctx context.Context, in DeleteTagInput) error

	// ListTags lists the tags of a resource by key.
	ListTags(ctx context.Context, in ResourceInput) ([]Tag, error)

	// ListProjectTags lists the keys that resources of a type have in the caller's
	// project, and the values of each, both sorted and without repeats.
	ListProjectTags(ctx context.Context, in ListProjectTagsInput) ([]TagValues, error)

	// FindResources lists the resources of the caller's project that meet conditions:
	// topics newest first, others by id.
	FindResources(ctx context.Context, in FindResourcesInput) (TaggedResourcePage, error)
}

// Limits of tags. Where SMN's documents differ the wider one counts.
const (
	MaxTags      = 20    // tags of a resource, in one change, and keys in one condition
	MaxTagKey    = 128   // characters
	MaxTagValue  = 256   // characters
	MaxTagValues = 20    // values of one key in a condition
	MaxResources = 1_000 // resources in a page of FindResources, and its default
)

// ResourceType says what kind of thing has tags.
type ResourceType string

// The types of resource that can have tags.
const (
	TopicResource       ResourceType = "smn_topic"
	ApplicationResource ResourceType = "smn_application"
)

// Resource names a thing that can have tags.
type Resource struct {
	Type   ResourceType `validate:"resource_type" code:"InvalidParameter"`
	ID     string       `validate:"resource_id" code:"InvalidParameter"` // or its name
	ByName bool         // ID is its name
}

// Tag is a word that the owner has put on a resource.
type Tag struct {
	Key   string // 1 to MaxTagKey characters on one line
	Value string // at most MaxTagValue characters on one line; may be empty
}

// SetTagsInput is what SetTags needs.
type SetTagsInput struct {
	Resource
	Tags []Tag `validate:"tags" code:"InvalidTag"` // 1 to MaxTags with different keys
}

// RemoveTagsInput is what RemoveTags needs.
type RemoveTagsInput struct {
	Resource
	Keys []string `validate:"tag_keys" code:"InvalidTag"` // 1 to MaxTags
}

// DeleteTagInput is what DeleteTag needs.
type DeleteTagInput struct {
	Resource
	Key string `validate:"tag_key" code:"InvalidTag"`
}

// ResourceInput names one resource, for calls that need nothing else.
type ResourceInput struct{ Resource }

// ListProjectTagsInput is what ListProjectTags needs.
type ListProjectTagsInput struct {
	Type ResourceType `validate:"resource_type" code:"InvalidParameter"`
}

// TagValues is a key with several values: those in use, or in a condition those
// of which any will do. A condition without values is met by every value.
type TagValues struct {
	Key    string
	Values []string
}

// MatchName is the only key that a ResourceMatch can have.
const MatchName = "resource_name"

// ResourceMatch asks for resources with an exact name.
type ResourceMatch struct {
	Key   string // MatchName
	Value string
}

// FindResourcesInput is what FindResources needs. A resource must meet all of
// the conditions; an empty one is met by every resource.
type FindResourcesInput struct {
	Type       ResourceType    `validate:"resource_type" code:"InvalidParameter"`
	Tags       []TagValues     `validate:"tag_conditions" code:"InvalidTag"` // it has all of these
	TagsAny    []TagValues     `validate:"tag_conditions" code:"InvalidTag"` // it has one of these
	NotTags    []TagValues     `validate:"tag_conditions" code:"InvalidTag"` // it has not all of these
	NotTagsAny []TagValues     `validate:"tag_conditions" code:"InvalidTag"` // it has none of these
	Matches    []ResourceMatch `validate:"resource_matches" code:"InvalidParameter"`
	// WithoutAnyTag asks for the resources that have no tag. The other conditions on
	// tags then do not count.
	WithoutAnyTag bool

	CountOnly bool // the answer holds the total alone
	Offset    int  `validate:"min=0" code:"InvalidPage"`
	Limit     int  `validate:"min=0,max=1000" code:"InvalidPage"` // 0 means MaxResources
}

// TaggedResource is a resource that was found by its tags.
type TaggedResource struct {
	ID   string
	Name string
	Tags []Tag // by key; never nil

	TopicURN            string // of topics
	DisplayName         string // of topics
	EnterpriseProjectID string // of topics
}

// TaggedResourcePage is a part of the resources that were found.
type TaggedResourcePage struct {
	Resources []TaggedResource
	Total     int
}
