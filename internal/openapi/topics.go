package openapi

import "tocsin/shared/wire"

func topics() map[string]described {
	list := pageQuery(
		parameter{name: "name", about: "The exact name."},
		parameter{name: "fuzzy_name", about: "The beginning of the name."},
		parameter{name: "topic_id", about: "The exact id."},
		parameter{name: "fuzzy_display_name", about: "A part of the display name."},
		parameter{name: "enterprise_project_id", about: "The exact id of the enterprise project."},
		parameter{name: "marker", about: "The URN or id of the last topic seen; the page begins behind it, whatever offset says. Beyond SMN."},
	)
	return map[string]described{
		"create-topic": {
			group: groupTopics, summary: "Make a topic. 200 when there is one of that name.", example: "create-topic",
			body:    wire.CreateTopicRequest{},
			answers: map[int]any{200: wire.CreateTopicResponse{}, 201: wire.CreateTopicResponse{}},
		},
		"list-topics": {
			group: groupTopics, summary: "List the topics of the project, newest first.",
			query:   list,
			answers: map[int]any{200: wire.ListTopicsResponse{}},
		},
		"list-topics-with-resources": {
			group: groupTopics, summary: "List topics with their tags, access policies and logtanks.", smn: "ListTopicsWithAssociatedResources",
			query:   list,
			answers: map[int]any{200: wire.ListTopicsWithResourcesResponse{}},
		},
		"get-topic": {
			group: groupTopics, summary: "Describe a topic.", smn: "ListTopicDetails",
			answers: map[int]any{200: wire.GetTopicResponse{}},
		},
		"update-topic": {
			group: groupTopics, summary: "Change the display name of a topic.",
			body:    wire.UpdateTopicRequest{},
			answers: map[int]any{200: wire.UpdateTopicResponse{}},
		},
		"delete-topic": {
			group: groupTopics, summary: "Remove a topic and its subscriptions.",
			answers: map[int]any{200: wire.Answer{}},
		},
		"get-topic-statistics": {
			group: groupTopics, summary: "Count the SMS that a topic has sent, by the hour, over 31 days at most.", smn: "ListTopicMessageStatistics",
			query:   period(true),
			answers: map[int]any{200: wire.TopicStatisticsResponse{}},
		},
	}
}
