package openapi

import "tocsin/shared/wire"

func versions() map[string]described {
	services := described{
		group: groupVersions, summary: "List the cloud services that can publish: none publishes here by itself.",
		answers: map[int]any{200: wire.ListCloudServicesResponse{}},
	}
	return map[string]described{
		"list-versions": {
			group: groupVersions, summary: "List the versions of the API.", who: anyone,
			answers: map[int]any{200: wire.ListVersionsResponse{}},
		},
		"get-version": {
			group: groupVersions, summary: "Describe version 2.", who: anyone,
			answers: map[int]any{200: wire.GetVersionResponse{}},
		},
		"get-openapi": {
			group: groupVersions, summary: "This document.", who: anyone,
			answers: map[int]any{200: map[string]any{}},
		},
		"list-protocols": {
			group: groupVersions, summary: "List the protocols that can be subscribed.",
			answers: map[int]any{200: wire.ListProtocolsResponse{}},
		},
		"list-cloud-service":  services,
		"list-cloud-services": services,
	}
}
