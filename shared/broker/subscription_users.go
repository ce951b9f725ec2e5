package broker

import (
	"context"
	"errors"
	"fmt"

	"tocsin/shared/access"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// userKind is the kind of the documents that hold subscription users. They
// belong to a project.
const userKind = "subscription-user"

// keptUser is the body of such a document.
type keptUser struct {
	Name      string        `json:"name"`
	Protocol  smn.Protocol  `json:"protocol"`
	Endpoint  string        `json:"endpoint"`
	Remark    string        `json:"remark"`
	Extension smn.Extension `json:"extension"`
}

func (u keptUser) subscription() smn.NewSubscription {
	return smn.NewSubscription{Protocol: u.Protocol, Endpoint: u.Endpoint, Remark: u.Remark, Extension: u.Extension}
}

func keep(u smn.NewSubscriptionUser) keptUser {
	return keptUser{Name: u.Name, Protocol: u.Protocol, Endpoint: u.Endpoint, Remark: u.Remark, Extension: u.Extension}
}

func userKey(caller smn.Caller, id string) store.DocumentKey {
	return store.DocumentKey{Owner: caller.Project, Kind: userKind, ID: id}
}

// CreateSubscriptionUser implements smn.SubscriptionUsers.
func (b *Broker) CreateSubscriptionUser(ctx context.Context, in smn.CreateSubscriptionUserInput) (string, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return "", err
	}
	if err := b.mayCall(caller, in.NewSubscription); err != nil {
		return "", err
	}
	d, err := b.createDocument(ctx, caller.Project, userKind, "", b.UserQuota, keep(in.NewSubscriptionUser))
	return d.ID, err
}

// ListSubscriptionUsers implements smn.SubscriptionUsers.
func (b *Broker) ListSubscriptionUsers(ctx context.Context, in smn.ListSubscriptionUsersInput) (smn.SubscriptionUserPage, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.SubscriptionUserPage{}, err
	}
	page, err := b.Store.ListDocuments(ctx, store.DocumentQuery{
		Owner: caller.Project, Kind: userKind, Offset: in.Offset, Limit: limitOf(in.Page),
	})
	if err != nil {
		return smn.SubscriptionUserPage{}, fmt.Errorf("list subscription users: %w", err)
	}
	users := make([]smn.SubscriptionUser, len(page.Documents))
	for i, d := range page.Documents {
		if users[i], err = describeUser(d); err != nil {
			return smn.SubscriptionUserPage{}, err
		}
	}
	return smn.SubscriptionUserPage{Users: users, Total: page.Total}, nil
}

// GetSubscriptionUser implements smn.SubscriptionUsers.
func (b *Broker) GetSubscriptionUser(ctx context.Context, in smn.SubscriptionUserInput) (smn.SubscriptionUser, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.SubscriptionUser{}, err
	}
	d, err := b.Store.GetDocument(ctx, userKey(caller, in.UserID))
	if err != nil {
		return smn.SubscriptionUser{}, orMissing(err, noUser(in.UserID))
	}
	return describeUser(d)
}

func describeUser(d store.Document) (smn.SubscriptionUser, error) {
	u, err := bodyOf[keptUser](d)
	if err != nil {
		return smn.SubscriptionUser{}, err
	}
	return smn.SubscriptionUser{
		ID: d.ID, Name: u.Name, Protocol: u.Protocol, Endpoint: u.Endpoint, Remark: u.Remark,
		HeaderNames: headerNames(u.Extension), CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}, nil
}

// UpdateSubscriptionUser implements smn.SubscriptionUsers. Of two at once the
// later one wins as a whole.
func (b *Broker) UpdateSubscriptionUser(ctx context.Context, in smn.UpdateSubscriptionUserInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	if err := b.mayCall(caller, in.NewSubscription); err != nil {
		return err
	}
	_, err = updateDocument(ctx, b, userKey(caller, in.UserID), func(u *keptUser) { *u = keep(in.NewSubscriptionUser) })
	return orMissing(err, noUser(in.UserID))
}

// DeleteSubscriptionUser implements smn.SubscriptionUsers.
func (b *Broker) DeleteSubscriptionUser(ctx context.Context, in smn.SubscriptionUserInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	return orMissing(b.deleteDocument(ctx, userKey(caller, in.UserID)), noUser(in.UserID))
}

func noUser(id string) error {
	return smn.Errorf(smn.ResourceNotFound, "subscription user %s does not exist", id)
}

// SubscribeUsers implements smn.SubscriptionUsers.
func (b *Broker) SubscribeUsers(ctx context.Context, in smn.SubscribeUsersInput) ([]smn.SubscribeOutput, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	topic, may, err := b.judgedTopic(ctx, caller, access.Subscribe, in.TopicURN)
	if err != nil {
		return nil, err
	}
	outputs := make([]smn.SubscribeOutput, len(in.UserIDs))
	var known []smn.NewSubscription
	var place []int // of the known ones in the batch
	for i, id := range in.UserIDs {
		_, u, err := getDocument[keptUser](ctx, b, userKey(caller, id))
		if errors.Is(err, store.ErrNotFound) {
			outputs[i].Err = smn.Errorf(smn.InvalidUser, "the project has no subscription user of this id")
			continue
		}
		if err != nil {
			return nil, err
		}
		known = append(known, u.subscription())
		place = append(place, i)
	}
	added, err := b.addAll(ctx, caller, topic, may, known)
	if err != nil {
		return nil, err
	}
	for i, out := range added {
		outputs[place[i]] = out
	}
	return outputs, nil
}
