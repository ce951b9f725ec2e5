// Package mnspush sends notifications to http and https endpoints in the forms of
// Alibaba MNS, each signed by itself, and knows MNS's strategies of trying again.
package mnspush

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

// Sender posts notifications. It is a deliver.Preparer: signatures are made before.
type Sender struct {
	poster *post.Poster
	now    func() time.Time
}

var _ deliver.Preparer = (*Sender)(nil)

// New makes a sender that posts through poster.
func New(poster *post.Poster) *Sender { return &Sender{poster: poster, now: time.Now} }

// Forms gives the sender of each form of MNS, by its name.
func Forms(poster *post.Poster) map[string]deliver.Sender {
	s := New(poster)
	return map[string]deliver.Sender{mns.FormXML: s, mns.FormJSON: s, mns.FormSimplified: s}
}

// Send posts d to its endpoint in the form that it names. 2xx is delivered; any other
// answer, a redirect too, is to be tried again, and so is silence. Dead is what cannot be
// sent at all: an endpoint that is no URL or may not be called.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	return s.Prepare(d)(ctx)
}

// Prepare signs d, and does not keep the body, which is made again in no time.
func (s *Sender) Prepare(d deliver.Delivery) (send func(context.Context) deliver.Outcome) {
	endpoint := endpointOf(d.Endpoint)
	target, problem := s.poster.Target(endpoint)
	if problem != "" {
		return ends(deliver.Dead, problem)
	}
	n, err := notification(d)
	if err != nil {
		return ends(deliver.Dead, "the notification has no topic of ours")
	}
	now := s.now()
	push, known := n.Push(d.Named.Form, mns.NewRequestID(now), d.SigningCertURL, now)
	if !known {
		return ends(deliver.Dead, "MNS has no such form of notifications")
	}
	signature, err := d.Named.Sign(mns.StringToSign(http.MethodPost, push.Header, target))
	if err != nil {
		return ends(deliver.Again, "the notification could not be signed")
	}
	request := post.Request{Endpoint: endpoint, Own: true, Header: header(push, signature)}
	form := d.Named.Form
	return func(ctx context.Context) deliver.Outcome {
		request.Body = n.Body(form)
		o := s.poster.Post(ctx, request)
		if o.Result == deliver.Dead && o.Status != 0 {
			o.Result = deliver.Again
		}
		return o
	}
}

// ends is an attempt whose outcome is known before.
func ends(result deliver.Result, reason string) func(context.Context) deliver.Outcome {
	return func(context.Context) deliver.Outcome { return deliver.Outcome{Result: result, Reason: reason} }
}

// notification is what d says, as MNS spells it.
func notification(d deliver.Delivery) (mns.Notification, error) {
	topic, err := smn.ParseTopicURN(d.TopicURN)
	if err != nil {
		return mns.Notification{}, err
	}
	published, ok := mns.PublishTime(d.MessageID) // which the id tells receivers, too
	if !ok {
		published = d.Timestamp
	}
	return mns.Notification{
		TopicOwner:       mns.AccountID(topic.Project),
		TopicName:        topic.Name,
		Subscriber:       mns.AccountID(d.Named.Subscriber),
		SubscriptionName: d.Named.Name,
		MessageID:        mns.MessageID(d.MessageID),
		Message:          d.Text,
		MessageTag:       d.Named.Tag,
		PublishTime:      published,
	}, nil
}

// header is what stands above a push, signature included.
func header(push mns.Push, signature string) post.Header {
	h := make(post.Header, 0, len(push.Header)+3)
	h = append(h,
		post.Field{Name: "User-Agent", Value: mns.PushAgent},
		post.Field{Name: "Accept", Value: "*/*"},
		post.Field{Name: mns.HeaderAuthorization, Value: signature})
	for _, f := range push.Header {
		h = append(h, post.Field(f))
	}
	return h
}

// endpointOf is where a notification goes: MNS's own path if the endpoint names none.
func endpointOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Opaque != "" || u.Path != "" && (u.Path != "/" || u.RawQuery != "") {
		return endpoint // as it is; whether it can be called, the poster says
	}
	u.Path = mns.PushPath
	return u.String()
}
