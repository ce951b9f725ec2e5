package wire

import (
	"tocsin/shared/smn"
)

// PushEndpointRequest is the body of CreatePushEndpoint.
type PushEndpointRequest struct {
	Token    string `json:"token" code:"InvalidDeviceToken"`
	UserData string `json:"user_data" code:"InvalidUserData"`
}

// PushEndpointResponse answers it. Code and message say that it was there already.
type PushEndpointResponse struct {
	RequestID   string `json:"request_id"`
	EndpointURN string `json:"endpoint_urn"`
	Code        string `json:"code,omitempty"`
	Message     string `json:"message,omitempty"`
}

// PushEndpointUpdate is the body of UpdatePushEndpoint.
type PushEndpointUpdate struct {
	Enabled  *Flag   `json:"enabled,omitempty" code:"InvalidEnabled"`
	UserData *string `json:"user_data,omitempty" code:"InvalidUserData"`
}

// PushEndpoint is a device in a list.
type PushEndpoint struct {
	CreateTime  string `json:"create_time"`
	EndpointURN string `json:"endpoint_urn"`
	PushEndpointAttributes
}

// PushEndpointAttributes are what is known of a device.
type PushEndpointAttributes struct {
	Enabled  Flag   `json:"enabled"`
	Token    string `json:"token"`
	UserData string `json:"user_data"`
}

// ListPushEndpointsResponse answers ListPushEndpoints.
type ListPushEndpointsResponse struct {
	RequestID    string         `json:"request_id"`
	NextPageFlag bool           `json:"next_page_flag"` // whether there are more behind
	Endpoints    []PushEndpoint `json:"endpoints"`      // never null
}

// GetPushEndpointResponse answers GetPushEndpoint.
type GetPushEndpointResponse struct {
	RequestID  string                 `json:"request_id"`
	Attributes PushEndpointAttributes `json:"attributes"`
}

// NewPushEndpoint spells a device.
func NewPushEndpoint(e smn.PushEndpoint) PushEndpoint {
	return PushEndpoint{
		CreateTime:             Time(e.CreatedAt),
		EndpointURN:            e.URN.String(),
		PushEndpointAttributes: PushEndpointAttributes{Enabled: Flag(e.Enabled), Token: e.Token, UserData: e.UserData},
	}
}

// Endpoint reads what NewPushEndpoint spelt.
func (w PushEndpoint) Endpoint() (smn.PushEndpoint, error) {
	urn, err := smn.ParsePushEndpointURN(w.EndpointURN)
	if err != nil {
		return smn.PushEndpoint{}, err
	}
	created, err := ParseTime(w.CreateTime)
	return smn.PushEndpoint{URN: urn, Token: w.Token, UserData: w.UserData, Enabled: bool(w.Enabled), CreatedAt: created}, err
}

// PushRequest is the body of Push.
type PushRequest struct {
	Message          string   `json:"message,omitempty" code:"InvalidMessage"`
	MessageStructure string   `json:"message_structure,omitempty" code:"InvalidMessageStructure"`
	TimeToLive       *Seconds `json:"time_to_live,omitempty" code:"InvalidTimeToLive"`
}
