package sam

// LinkFlags are the linker's flags of every function.
const LinkFlags = "-s -w"

// BuildTags are the tags that a function is built with, by its id in the template.
// What is called by HTTP/2 are endpoints, and deliver alone calls them: the others ask
// AWS, which speaks HTTP/1.1.
func BuildTags(function string) string {
	const all = "lambda.norpc,validator_novalidatefn"
	if function == "DeliverFunction" {
		return all
	}
	return all + ",nethttpomithttp2"
}

// MaxBootstrap is what a function may weigh, in bytes, for linux/amd64, by its id in
// the template. Size is time at every cold start. Of each, 6 MB are Go with HTTP and
// TLS, and about 0.8 MB the rules engine.
func MaxBootstrap(function string) int64 {
	switch function {
	case "DeliverFunction": // the ways out, and HTTP/2
		return 10_000_000
	case "ManageFunction", "ManageSubscriptionsFunction", "MessagingFunction", // many operations
		"LinksFunction": // signing keys, pages and the OpenAPI document
		return 9_500_000
	}
	return 9_200_000
}
