package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// The links in messages to http and https endpoints act on GET; SMN has each
// under two paths. Those for people open a page first: see page.go.
var (
	ConfirmSubscription   = confirmLink("confirm-subscription", "GET /rest/v2/notifications/subscription/confirm")
	ConfirmSubscriptionV2 = confirmLink("confirm-subscription-v2", "GET /v2/notifications/subscriptions/subscribe")
	Unsubscribe           = unsubscribeLink("unsubscribe", "GET /rest/v2/notifications/subscription/unsubscribe")
	UnsubscribeV2         = unsubscribeLink("unsubscribe-v2", "GET /v2/notifications/subscriptions/unsubscribe")
)

func confirmLink(name, route string) Operation {
	return Operation{Name: name, Route: route, door: linkDoor, bind: withService(confirmByLink)}
}

func unsubscribeLink(name, route string) Operation {
	return Operation{Name: name, Route: route, door: linkDoor, bind: withService(unsubscribeByLink)}
}

func confirmByLink(r *http.Request, svc smn.Service) (reply, error) {
	urn, err := confirm(r, svc)
	return ok(wire.ConfirmResponse{RequestID: requestID(r), SubscriptionURN: urn.String()}), err
}

func unsubscribeByLink(r *http.Request, svc smn.Service) (reply, error) {
	return ok(wire.UnsubscribeResponse{Message: "The subscription is cancelled."}), unsubscribe(r, svc)
}

// confirm does what a confirmation link says.
func confirm(r *http.Request, svc smn.Service) (smn.SubscriptionURN, error) {
	query, err := queryOf(r)
	if err != nil {
		return smn.SubscriptionURN{}, err
	}
	return svc.ConfirmSubscription(r.Context(), smn.ConfirmSubscriptionInput{
		Token:    query.Get("token"),
		TopicURN: query.Get("topic_urn"),
		Endpoint: query.Get("endpoint"),
	})
}

// unsubscribe does what an unsubscription link says.
func unsubscribe(r *http.Request, svc smn.Service) error {
	query, err := queryOf(r)
	if err != nil {
		return err
	}
	return svc.Unsubscribe(r.Context(), smn.SubscriptionInput{SubscriptionURN: query.Get("subscription_urn")})
}

// The certificate that a message names, for whoever checks its signature.
var (
	GetCertificate   = certificateLink("get-certificate", "GET /smn/{certificate_id}")
	GetCertificateV2 = certificateLink("get-certificate-v2", "GET /v2/notifications/certifications/download/{certificate_id}")
)

func certificateLink(name, route string) Operation {
	return Operation{Name: name, Route: route, door: linkDoor, bind: withCertificates(certificate)}
}

func certificate(r *http.Request, certificates Certificates) (reply, error) {
	pem, err := certificates.Certificate(r.Context(), r.PathValue("certificate_id"))
	return reply{status: http.StatusOK, raw: pem, contentType: "application/x-pem-file"}, err
}
