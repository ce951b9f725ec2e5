package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// ListProtocols lists the protocols that can be subscribed. Its path names no
// project; whoever has a credential may ask.
var ListProtocols = Operation{
	Name:  "list-protocols",
	Route: "GET /v2/notifications/protocols",
	door:  ownerDoor,
	bind:  withService(listProtocols),
}

func listProtocols(r *http.Request, svc smn.Service) (reply, error) {
	protocols, err := svc.ListProtocols(r.Context())
	return ok(wire.ListProtocolsResponse{RequestID: requestID(r), Protocols: wire.NewProtocols(protocols)}), err
}

// The cloud services that can publish; SMN has the list under two paths.
var (
	ListCloudService  = cloudServices("list-cloud-service", "GET /v2/notifications/cloud_service")
	ListCloudServices = cloudServices("list-cloud-services", "GET /v2/notifications/cloud-services")
)

func cloudServices(name, route string) Operation {
	return Operation{Name: name, Route: route, door: ownerDoor, bind: withService(listCloudServices)}
}

func listCloudServices(r *http.Request, svc smn.Service) (reply, error) {
	services, err := svc.ListCloudServices(r.Context())
	return ok(wire.ListCloudServicesResponse{RequestID: requestID(r), CloudServices: wire.NewCloudServices(services)}), err
}

// ListTopicsWithResources is ListTopics with what belongs to each topic. SMN calls
// it ListTopicsWithAssociatedResources.
var ListTopicsWithResources = Operation{
	Name:  "list-topics-with-resources",
	Route: "GET /v2/{project_id}/notifications/topics-with-associated-resources",
	door:  ownerDoor,
	bind:  withService(listTopicsWithResources),
}

func listTopicsWithResources(r *http.Request, svc smn.Service) (reply, error) {
	in, err := listTopicsInput(r)
	if err != nil {
		return reply{}, err
	}
	page, err := svc.ListTopicsWithResources(r.Context(), in)
	if err != nil {
		return reply{}, err
	}
	return ok(wire.ListTopicsWithResourcesResponse{RequestID: requestID(r), TopicCount: page.Total, Topics: wire.List(page.Topics, wire.NewTopicResources)}), nil
}
