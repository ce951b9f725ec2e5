package validation

import (
	"tocsin/shared/smn"
)

// isDisplayName: at most smn.MaxDisplayName bytes on one line. It becomes the
// sender name of mails, so control characters would let a topic forge headers.
func isDisplayName(s string) bool {
	return len(s) <= smn.MaxDisplayName && isLine(s)
}

// isTopicFilter: what a name could begin with or be; one that no name matches is
// no error, it finds nothing.
func isTopicFilter(s string) bool { return len(s) <= smn.MaxTopicName && isLine(s) }

// isTopicMarker: what names a topic in the list of topics.
func isTopicMarker(s string) bool {
	_, err := smn.ParseTopicURN(s)
	return err == nil || smn.IsID(s)
}

var enterpriseProjectPattern = smn.Pattern(`^[0-9A-Za-z-]{0,36}$`)

// isEnterpriseProject: "0" or a UUID in the services that know them.
func isEnterpriseProject(s string) bool { return enterpriseProjectPattern().MatchString(s) }
