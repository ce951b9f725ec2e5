package openapi

import "tocsin/shared/wire"

func topics() map[string]described {
	const group = "Topics"
	return map[string]described{
		"create-topic": {
			group: group, summary: "Make a topic. 200 when there is one of that name.",
			body: wire.CreateTopicRequest{}, needs: []string{"name"},
			answers: map[int]any{200: wire.CreateTopicResponse{}, 201: wire.CreateTopicResponse{}}, errors: smnErrors,
		},
		"list-topics": {
			group: group, summary: "List the topics of the project, newest first.",
			query: pageQuery(
				parameter{name: "name", about: "The exact name."},
				parameter{name: "fuzzy_name", about: "The beginning of the name."},
			),
			answers: map[int]any{200: wire.ListTopicsResponse{}}, errors: smnErrors,
		},
		"get-topic": {
			group: group, summary: "Describe a topic.",
			answers: map[int]any{200: wire.GetTopicResponse{}}, errors: smnErrors,
		},
		"delete-topic": {
			group: group, summary: "Remove a topic and its subscriptions.",
			answers: map[int]any{200: wire.Answer{}}, errors: smnErrors,
		},
	}
}
