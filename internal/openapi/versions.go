package openapi

import "tocsin/shared/wire"

func versions() map[string]described {
	const group = "Versions"
	return map[string]described{
		"list-versions": {
			group: group, summary: "List the versions of the API.", open: true,
			answers: map[int]any{200: wire.ListVersionsResponse{}}, errors: smnErrors,
		},
		"get-version": {
			group: group, summary: "Describe version 2.", open: true,
			answers: map[int]any{200: wire.GetVersionResponse{}}, errors: smnErrors,
		},
		"get-openapi": {
			group: group, summary: "This document.", open: true,
			answers: map[int]any{200: map[string]any{}}, errors: smnErrors,
		},
	}
}
