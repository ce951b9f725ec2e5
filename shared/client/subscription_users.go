package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const usersPath = "/notifications/subscription-users"

// CreateSubscriptionUser implements smn.SubscriptionUsers. SMN itself has no call
// for users but SubscribeUsers.
func (c *Client) CreateSubscriptionUser(ctx context.Context, in smn.CreateSubscriptionUserInput) (string, error) {
	var out wire.CreateSubscriptionUserResponse
	_, err := c.call(ctx, request{
		method: http.MethodPost, path: usersPath, body: wire.NewSubscriptionUserRequest(in.NewSubscriptionUser),
	}, &out)
	return out.ID, err
}

// ListSubscriptionUsers implements smn.SubscriptionUsers.
func (c *Client) ListSubscriptionUsers(ctx context.Context, in smn.ListSubscriptionUsersInput) (smn.SubscriptionUserPage, error) {
	var out wire.ListSubscriptionUsersResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: usersPath, query: pageQuery(in.Page)}, &out); err != nil {
		return smn.SubscriptionUserPage{}, err
	}
	list, err := wire.ReadList(out.SubscriptionUsers, wire.SubscriptionUser.User)
	return smn.SubscriptionUserPage{Users: list, Total: out.SubscriptionUserCount}, err
}

// GetSubscriptionUser implements smn.SubscriptionUsers.
func (c *Client) GetSubscriptionUser(ctx context.Context, in smn.SubscriptionUserInput) (smn.SubscriptionUser, error) {
	path, err := userPath(in)
	if err != nil {
		return smn.SubscriptionUser{}, err
	}
	var out wire.GetSubscriptionUserResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path}, &out); err != nil {
		return smn.SubscriptionUser{}, err
	}
	return out.User()
}

// UpdateSubscriptionUser implements smn.SubscriptionUsers.
func (c *Client) UpdateSubscriptionUser(ctx context.Context, in smn.UpdateSubscriptionUserInput) error {
	path, err := userPath(in.SubscriptionUserInput)
	if err != nil {
		return err
	}
	body := wire.NewSubscriptionUserRequest(in.NewSubscriptionUser)
	_, err = c.call(ctx, request{method: http.MethodPut, path: path, body: body}, &wire.Answer{})
	return err
}

// DeleteSubscriptionUser implements smn.SubscriptionUsers.
func (c *Client) DeleteSubscriptionUser(ctx context.Context, in smn.SubscriptionUserInput) error {
	path, err := userPath(in)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodDelete, path: path}, &wire.Answer{})
	return err
}

// userPath is topicPath for a subscription user.
func userPath(in smn.SubscriptionUserInput) (string, error) {
	if !smn.IsID(in.UserID) {
		return "", smn.Errorf(smn.InvalidUser, "the id of a subscription user has 32 hexadecimal digits")
	}
	return usersPath + "/" + in.UserID, nil
}

// SubscribeUsers implements smn.SubscriptionUsers.
func (c *Client) SubscribeUsers(ctx context.Context, in smn.SubscribeUsersInput) ([]smn.SubscribeOutput, error) {
	path, err := topicPath(in.TopicURN, "/subscriptions/from-subscription-users")
	if err != nil {
		return nil, err
	}
	var out wire.SubscribeUsersResponse
	if _, err := c.call(ctx, request{method: http.MethodPost, path: path, body: wire.SubscribeUsersRequest{IDs: in.UserIDs}}, &out); err != nil {
		return nil, err
	}
	outputs := make([]smn.SubscribeOutput, len(out.Results))
	for i, r := range out.Results {
		outputs[i] = smn.SubscribeOutput{
			URN:     r.SubscriptionURN,
			Created: r.HTTPCode == http.StatusCreated,
			Err:     refusal(r.HTTPCode, r.ErrorCode, r.ErrorMsg, r.Detail),
		}
	}
	return outputs, nil
}
