package smn

// Service is a notification service: an interface for each noun, in the file of
// its name. Its methods may be called from many goroutines at once.
//
// Unless Anonymous may make the call, the caller of the context (WithCaller) must
// be of the project that owns the topic, or the topic's access policy must allow
// the call to the caller's account, else Forbidden, whether or not the topic
// exists; with package client the credential is the caller.
//
// Every method first looks at its input and answers a broken rule with the code
// that the field's tag names, having changed nothing. Any method can fail with
// Internal.
type Service interface {
	Topics
	Attributes
	Tags
	Statistics
	Catalog

	Subscriptions
	FilterPolicies
	SubscriptionUsers
	Links

	Publisher
	Reports
	DeadDeliveries
	Templates

	SMSSender
	Applications
	PushEndpoints

	Detections
	Logtanks
	NotifyPolicies
	KMSKeys
}
