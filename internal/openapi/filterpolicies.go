package openapi

import "tocsin/shared/wire"

func filterPolicies() map[string]described {
	return map[string]described{
		"create-filter-policies": {
			group: groupFilters, summary: "Give filter policies to up to 100 subscriptions that have none.", smn: "BatchCreateSubscriptionsFilterPolices",
			body:    wire.FilterPolicesRequest{},
			answers: map[int]any{200: wire.FilterPolicesResponse{}},
		},
		"update-filter-policies": {
			group: groupFilters, summary: "Replace the filter policies of up to 100 subscriptions.", smn: "BatchUpdateSubscriptionsFilterPolices",
			body:    wire.FilterPolicesRequest{},
			answers: map[int]any{200: wire.FilterPolicesResponse{}},
		},
		"delete-filter-policies": {
			group: groupFilters, summary: "Take all filter policies from up to 100 subscriptions.", smn: "BatchDeleteSubscriptionsFilterPolices",
			body:    wire.DeleteFilterPolicesRequest{},
			answers: map[int]any{200: wire.FilterPolicesResponse{}},
		},
	}
}
