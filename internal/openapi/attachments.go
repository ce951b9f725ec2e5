package openapi

import "tocsin/shared/wire"

// attachments are logtanks, notify policies and keys.
func attachments() map[string]described {
	return map[string]described{
		"create-logtank": {
			group: groupAttachments, summary: "Bind a log stream to a topic: 10 at most.",
			body:    wire.LogtankRequest{},
			answers: map[int]any{201: wire.CreatedResponse{}},
		},
		"list-logtanks": {
			group: groupAttachments, summary: "List the log streams of a topic.",
			answers: map[int]any{200: wire.ListLogtanksResponse{}},
		},
		"update-logtank": {
			group: groupAttachments, summary: "Name another log stream.",
			body:    wire.LogtankRequest{},
			answers: map[int]any{200: wire.UpdateLogtankResponse{}},
		},
		"delete-logtank": {
			group: groupAttachments, summary: "Unbind a log stream.",
			answers: map[int]any{200: wire.Answer{}},
		},
		"create-notify-policy": {
			group: groupAttachments, summary: "Say in which order a topic calls people: one policy a topic.",
			body:    wire.NotifyPolicyRequest{},
			answers: map[int]any{201: wire.CreatedResponse{}},
		},
		"get-notify-policy": {
			group: groupAttachments, summary: "Describe the notify policy of a topic.", smn: "ShowNotifyPolicy",
			answers: map[int]any{200: wire.GetNotifyPolicyResponse{}},
		},
		"update-notify-policy": {
			group: groupAttachments, summary: "Replace a notify policy.",
			body:    wire.NotifyPolicyRequest{},
			answers: map[int]any{200: wire.Answer{}},
		},
		"delete-notify-policy": {
			group: groupAttachments, summary: "Remove a notify policy.",
			answers: map[int]any{200: wire.Answer{}},
		},
		"create-kms-key": {
			group: groupAttachments, summary: "Bind a key to a topic: one a topic. No message is encrypted with it.",
			body:    wire.KMSKeyRequest{},
			answers: map[int]any{201: wire.CreatedResponse{}},
		},
		"get-kms-key": {
			group: groupAttachments, summary: "Describe the key of a topic.", smn: "ShowKmsKey",
			answers: map[int]any{200: wire.GetKMSKeyResponse{}},
		},
		"update-kms-key": {
			group: groupAttachments, summary: "Name another key.",
			body:    wire.KMSKeyRequest{},
			answers: map[int]any{200: wire.CreatedResponse{}},
		},
		"delete-kms-key": {
			group: groupAttachments, summary: "Unbind a key.",
			answers: map[int]any{200: wire.Answer{}},
		},
	}
}
