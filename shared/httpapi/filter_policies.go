package httpapi

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreateFilterPolicies gives filter policies to subscriptions that have none. SMN
// calls it BatchCreateSubscriptionsFilterPolices.
var CreateFilterPolicies = Operation{
	Name:  "create-filter-policies",
	Route: "POST /v2/{project_id}/notifications/subscriptions/filter_polices",
	door:  ownerDoor,
	bind: withService(func(r *http.Request, svc smn.Service) (reply, error) {
		return filterPolicies(r, svc.CreateFilterPolicies)
	}),
}

// UpdateFilterPolicies replaces the filter policies of subscriptions. SMN calls it
// BatchUpdateSubscriptionsFilterPolices.
var UpdateFilterPolicies = Operation{
	Name:  "update-filter-policies",
	Route: "PUT /v2/{project_id}/notifications/subscriptions/filter_polices",
	door:  ownerDoor,
	bind: withService(func(r *http.Request, svc smn.Service) (reply, error) {
		return filterPolicies(r, svc.UpdateFilterPolicies)
	}),
}

func filterPolicies(r *http.Request, call func(context.Context, smn.FilterPoliciesInput) ([]error, error)) (reply, error) {
	var req wire.FilterPolicesRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	in := smn.FilterPoliciesInput{Items: make([]smn.SubscriptionPolicies, len(req.Polices))}
	urns := make([]string, len(req.Polices))
	for i, p := range req.Polices {
		in.Items[i], urns[i] = p.Policies(), p.SubscriptionURN
	}
	errs, err := call(r.Context(), in)
	return filterResults(r, urns, errs), err
}

// DeleteFilterPolicies takes all filter policies from subscriptions, which stand
// in the body. SMN calls it BatchDeleteSubscriptionsFilterPolices.
var DeleteFilterPolicies = Operation{
	Name:  "delete-filter-policies",
	Route: "DELETE /v2/{project_id}/notifications/subscriptions/filter_polices",
	door:  ownerDoor,
	bind:  withService(deleteFilterPolicies),
}

func deleteFilterPolicies(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.DeleteFilterPolicesRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	errs, err := svc.DeleteFilterPolicies(r.Context(), smn.DeleteFilterPoliciesInput{SubscriptionURNs: req.SubscriptionURNs})
	return filterResults(r, req.SubscriptionURNs, errs), err
}

func filterResults(r *http.Request, urns []string, errs []error) reply {
	results := make([]wire.FilterPolicesResult, len(errs))
	for i, err := range errs {
		results[i].SubscriptionURN = urns[i]
		if err != nil {
			f, detail := explain(err)
			results[i].Code, results[i].Message, results[i].Detail = f.Code, f.Message, detail
		}
	}
	return ok(wire.FilterPolicesResponse{RequestID: requestID(r), Results: results})
}
