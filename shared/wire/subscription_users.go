package wire

import "tocsin/shared/smn"

// SubscriptionUserRequest is the body of CreateSubscriptionUser and
// UpdateSubscriptionUser.
type SubscriptionUserRequest struct {
	Name string `json:"name" code:"InvalidParameter"`
	NewSubscription
}

// CreateSubscriptionUserResponse answers the first.
type CreateSubscriptionUserResponse struct {
	RequestID string `json:"request_id"`
	ID        string `json:"id"`
}

// SubscriptionUser is a subscription user in a list.
type SubscriptionUser struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Protocol    string   `json:"protocol"`
	Endpoint    string   `json:"endpoint"`
	Remark      string   `json:"remark"`
	HeaderNames []string `json:"header_names,omitempty"`
	CreateTime  string   `json:"create_time"`
	UpdateTime  string   `json:"update_time"`
}

// GetSubscriptionUserResponse answers GetSubscriptionUser: a flat object.
type GetSubscriptionUserResponse struct {
	RequestID string `json:"request_id"`
	SubscriptionUser
}

// ListSubscriptionUsersResponse answers ListSubscriptionUsers.
type ListSubscriptionUsersResponse struct {
	RequestID             string             `json:"request_id"`
	SubscriptionUserCount int                `json:"subscription_user_count"` // of the whole list
	SubscriptionUsers     []SubscriptionUser `json:"subscription_users"`      // never null
}

// SubscribeUsersRequest is the body of SubscribeUsers.
type SubscribeUsersRequest struct {
	IDs []string `json:"ids" code:"InvalidUser"`
}

// SubscribeUsersResponse answers it.
type SubscribeUsersResponse struct {
	RequestID string                `json:"request_id"`
	Results   []SubscribeUserResult `json:"subscriptions_result"`
}

// SubscribeUserResult is what became of one id. Its names are not those of
// SubscribeResult.
type SubscribeUserResult struct {
	RequestID       string `json:"request_id"`
	HTTPCode        int    `json:"http_code"` // 201 new, 200 there already, else refused
	SubscriptionURN string `json:"subscription_urn,omitempty"`
	ErrorCode       string `json:"error_code,omitempty"`
	ErrorMsg        string `json:"error_msg,omitempty"`
	Detail          string `json:"detail,omitempty"`
}

// NewSubscriptionUserRequest spells what a user says about itself.
func NewSubscriptionUserRequest(u smn.NewSubscriptionUser) SubscriptionUserRequest {
	return SubscriptionUserRequest{Name: u.Name, NewSubscription: NewSubscriptionOf(u.NewSubscription)}
}

// User reads what NewSubscriptionUserRequest spelt.
func (r SubscriptionUserRequest) User() smn.NewSubscriptionUser {
	return smn.NewSubscriptionUser{Name: r.Name, NewSubscription: r.NewSubscription.Subscription()}
}

// NewSubscriptionUser spells a subscription user.
func NewSubscriptionUser(u smn.SubscriptionUser) SubscriptionUser {
	return SubscriptionUser{
		ID: u.ID, Name: u.Name, Protocol: string(u.Protocol), Endpoint: u.Endpoint, Remark: u.Remark,
		HeaderNames: u.HeaderNames, CreateTime: Time(u.CreatedAt), UpdateTime: Time(u.UpdatedAt),
	}
}

// User reads what NewSubscriptionUser spelt.
func (u SubscriptionUser) User() (smn.SubscriptionUser, error) {
	created, err := ParseTime(u.CreateTime)
	if err != nil {
		return smn.SubscriptionUser{}, err
	}
	updated, err := ParseTime(u.UpdateTime)
	return smn.SubscriptionUser{
		ID: u.ID, Name: u.Name, Protocol: smn.Protocol(u.Protocol), Endpoint: u.Endpoint, Remark: u.Remark,
		HeaderNames: u.HeaderNames, CreatedAt: created, UpdatedAt: updated,
	}, err
}
