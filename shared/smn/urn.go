package smn

import "strings"

// TopicURN names a topic everywhere: urn:smn:{region}:{project}:{name}.
type TopicURN struct {
	Region  string // such as "eu-de"; lower-case letters, digits and hyphens
	Project string // 32 lower-case hex characters
	Name    string // see MaxTopicName
}

// SubscriptionURN is the URN of a topic, a colon and an id. Programs cut it at
// the last colon to get back to the topic.
type SubscriptionURN struct {
	Topic TopicURN
	ID    string // 32 lower-case hex characters
}

const urnPrefix = "urn:smn:"

// maxRegion is how many characters a region has at most.
const maxRegion = 64

// IsTopicName says whether s can name a topic: 1 to MaxTopicName letters,
// digits, hyphens and underscores, beginning with a letter or digit.
func IsTopicName(s string) bool {
	for i := range len(s) {
		c := s[i]
		upper := c >= 'A' && c <= 'Z'
		if !upper && !isLowerOrDigit(c) && (i == 0 || c != '-' && c != '_') {
			return false
		}
	}
	return s != "" && len(s) <= MaxTopicName
}

// IsRegion says whether s can be the region of a URN.
func IsRegion(s string) bool {
	for i := range len(s) {
		if !isLowerOrDigit(s[i]) && (i == 0 || s[i] != '-') {
			return false
		}
	}
	return s != "" && len(s) <= maxRegion
}

func isLowerOrDigit(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// IsID says whether s is an id: 32 lower-case hex characters. Projects, topics,
// subscriptions, messages and requests are named by such ids.
func IsID(s string) bool {
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// ParseTopicURN reads a topic URN, already percent-decoded. Anything that
// TopicURN.String could not have written is InvalidTopicURN.
func ParseTopicURN(s string) (TopicURN, error) {
	rest, ok := strings.CutPrefix(s, urnPrefix)
	region, rest, ok2 := strings.Cut(rest, ":")
	project, name, ok3 := strings.Cut(rest, ":")
	if !ok || !ok2 || !ok3 || !IsRegion(region) || !IsID(project) || !IsTopicName(name) {
		return TopicURN{}, Errorf(InvalidTopicURN, "a topic URN has the form urn:smn:{region}:{project_id}:{topic_name}")
	}
	return TopicURN{Region: region, Project: project, Name: name}, nil
}

func (u TopicURN) String() string {
	return urnPrefix + u.Region + ":" + u.Project + ":" + u.Name
}

// ParseSubscriptionURN reads a subscription URN, already percent-decoded.
// Anything that SubscriptionURN.String could not have written is
// InvalidSubscriptionURN.
func ParseSubscriptionURN(s string) (SubscriptionURN, error) {
	cut := strings.LastIndexByte(s, ':')
	if cut >= 0 && IsID(s[cut+1:]) {
		if topic, err := ParseTopicURN(s[:cut]); err == nil {
			return SubscriptionURN{Topic: topic, ID: s[cut+1:]}, nil
		}
	}
	return SubscriptionURN{}, Errorf(InvalidSubscriptionURN, "a subscription URN has the form {topic_urn}:{subscription_id}")
}

func (u SubscriptionURN) String() string { return u.Topic.String() + ":" + u.ID }
