package door

import (
	"context"
	"net/http"
	"strings"

	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

// named names the subscription of the path. The codes of topicURN,
// SubscriptionNameLengthError, SubscriptionNameInvalid.
func (v *visit) named() (smn.NamedInput, error) {
	urn, err := v.topicURN()
	switch {
	case err != nil:
		return smn.NamedInput{}, err
	case v.subscription == "" || len(v.subscription) > smn.MaxSubscriptionName:
		return smn.NamedInput{}, mns.Errorf(mns.SubscriptionNameLengthError, "The name of a subscription has 1 to %d characters.", smn.MaxSubscriptionName)
	case !mns.IsTopicName(v.subscription):
		return smn.NamedInput{}, mns.Errorf(mns.SubscriptionNameInvalid, "The name of a subscription is made of letters, digits and hyphens, and begins with a letter or digit.")
	}
	return smn.NamedInput{TopicURN: urn, Name: v.subscription}, nil
}

// subscribe is Subscribe.
func (v *visit) subscribe(ctx context.Context) (reply, error) {
	name, err := v.named()
	if err != nil {
		return reply{}, err
	}
	req, err := mns.ParseSubscribe(v.body)
	if err != nil {
		return reply{}, err
	}
	s, created, err := v.Service.SubscribeNamed(ctx, smn.SubscribeNamedInput{
		TopicURN: name.TopicURN, Name: name.Name, NewSubscription: req.NewSubscription, Style: req.Style,
	})
	location := v.topicPath() + "/subscriptions/" + v.subscription
	switch {
	case err != nil:
		return reply{}, err
	case created:
		return reply{status: http.StatusCreated, location: location}, nil
	case !req.Fits(s):
		return reply{}, mns.Errorf(mns.SubscriptionAlreadyExist, "The topic has a subscription %s with other attributes.", v.subscription)
	}
	return reply{status: http.StatusNoContent, location: location}, nil
}

// setSubscription is SetSubscriptionAttributes.
func (v *visit) setSubscription(ctx context.Context) (reply, error) {
	name, err := v.named()
	if err != nil {
		return reply{}, err
	}
	req, err := mns.ParseSetSubscription(v.body)
	if err != nil {
		return reply{}, err
	}
	s, err := v.Service.GetNamed(ctx, name)
	switch {
	case err != nil:
		return reply{}, err
	case s.Style.Form == "":
		return reply{}, mns.Errorf(mns.InvalidArgument, "The subscription was made by SMN, by which alone it can be changed.")
	}
	err = v.Service.UpdateNamed(ctx, smn.UpdateNamedInput{NamedInput: name, Strategy: req.NotifyStrategy, Tag: req.FilterTag})
	return reply{status: http.StatusNoContent}, err
}

// getSubscription is GetSubscriptionAttributes.
func (v *visit) getSubscription(ctx context.Context) (reply, error) {
	name, err := v.named()
	if err != nil {
		return reply{}, err
	}
	s, err := v.Service.GetNamed(ctx, name)
	return reply{status: http.StatusOK, body: mns.NewGetSubscription(s)}, err
}

// unsubscribe is Unsubscribe. A subscription that is not there is as good as cancelled.
func (v *visit) unsubscribe(ctx context.Context) (reply, error) {
	name, err := v.named()
	if err != nil {
		return reply{}, err
	}
	err = v.Service.CancelNamed(ctx, name)
	if smn.CodeOf(err) == smn.SubscriptionNotFound {
		err = nil
	}
	return reply{status: http.StatusNoContent}, err
}

// maxSeen is how many subscriptions are looked at for a page. If few of them have the
// prefix, the page is short, and its marker leads on.
const maxSeen = maxPage

// listSubscriptions is ListSubscriptionByTopic: the subscriptions in the order in which
// they were made.
func (v *visit) listSubscriptions(ctx context.Context) (reply, error) {
	urn, err := v.topicURN()
	if err != nil {
		return reply{}, err
	}
	list, err := listOf(v.header)
	if err != nil {
		return reply{}, err
	}
	var response mns.ListSubscriptionsResponse
	marker := list.marker
	for seen := 0; ; {
		want := min(maxSeen+1-seen, smn.DefaultLimit)
		if list.prefix == "" {
			want = min(want, list.limit+1-len(response.Subscriptions))
		}
		page, err := v.Service.ListNamed(ctx, smn.ListNamedInput{TopicURN: urn, After: marker, Limit: want})
		if err != nil {
			return reply{}, err
		}
		for _, s := range page {
			if len(response.Subscriptions) == list.limit || seen == maxSeen { // and there is more
				response.NextMarker = marker
				return reply{status: http.StatusOK, body: response}, nil
			}
			seen, marker = seen+1, s.URN.ID
			if strings.HasPrefix(s.Name, list.prefix) {
				url := v.base + v.topicPath() + "/subscriptions/" + s.Name
				response.Subscriptions = append(response.Subscriptions, mns.NewSubscriptionItem(url, s, list.withMeta))
			}
		}
		if len(page) < want {
			return reply{status: http.StatusOK, body: response}, nil
		}
	}
}
