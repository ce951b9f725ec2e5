package smn

import (
	"context"
	"time"
)

// PushEndpoints are the devices that applications send to.
type PushEndpoints interface {
	// CreatePushEndpoint adds a device to an application. One of the same token and
	// user data that is there is answered with its URN; DeviceTokenExists when its
	// user data are others. ApplicationNotFound, TooManyResources.
	CreatePushEndpoint(ctx context.Context, in CreatePushEndpointInput) (CreatePushEndpointOutput, error)

	// ListPushEndpoints lists the devices of an application in the order in which
	// they were added. ApplicationNotFound.
	ListPushEndpoints(ctx context.Context, in ListPushEndpointsInput) (PushEndpointPage, error)

	// GetPushEndpoint describes a device. Of the answer through a client, CreatedAt
	// is zero. PushEndpointNotFound.
	GetPushEndpoint(ctx context.Context, in PushEndpointInput) (PushEndpoint, error)

	// UpdatePushEndpoint changes what it is given. PushEndpointNotFound.
	UpdatePushEndpoint(ctx context.Context, in UpdatePushEndpointInput) error

	// DeletePushEndpoint removes a device. Deleting twice is PushEndpointNotFound the
	// second time.
	DeletePushEndpoint(ctx context.Context, in PushEndpointInput) error

	// Push takes a message for one device and returns its id. Once it has returned,
	// the message is stored and will be sent at least once, until its TimeToLive has
	// passed. EndpointDisabled, PushEndpointNotFound; InvalidMessageStructure when
	// the structure has no text for the platform.
	Push(ctx context.Context, in PushInput) (messageID string, err error)
}

// PushEndpointURN names a device of an application:
// urn:smn:{region}:{project}:endpoint-{platform}-{application name}-{id}.
type PushEndpointURN struct {
	Application ApplicationURN
	ID          string // 32 lower-case hex characters
}

// ParsePushEndpointURN reads the URN of a device. Anything that
// PushEndpointURN.String could not have written is InvalidPushEndpointURN.
func ParsePushEndpointURN(s string) (PushEndpointURN, error) {
	u, id, ok := parsePushURN(s, "endpoint-")
	if !ok || !IsID(id) {
		return PushEndpointURN{}, Errorf(InvalidPushEndpointURN, "an endpoint URN has the form urn:smn:{region}:{project_id}:endpoint-{platform}-{name}-{id}")
	}
	return PushEndpointURN{Application: u, ID: id}, nil
}

func (u PushEndpointURN) String() string { return u.Application.text("endpoint-") + "-" + u.ID }

// PushEndpoint is a device that an application sends to.
type PushEndpoint struct {
	URN       PushEndpointURN
	Token     string // what the platform knows it by
	UserData  string // the owner's own; may be empty
	Enabled   bool
	CreatedAt time.Time
}

// CreatePushEndpointInput is what CreatePushEndpoint needs.
type CreatePushEndpointInput struct {
	ApplicationURN string `validate:"application_urn" code:"InvalidApplicationURN"`
	Token          string `validate:"device_token" code:"InvalidDeviceToken"`
	UserData       string `validate:"user_data" code:"InvalidUserData"`
}

// CreatePushEndpointOutput is what CreatePushEndpoint answers.
type CreatePushEndpointOutput struct {
	URN     string
	Created bool // false: it was there already
}

// ListPushEndpointsInput is what ListPushEndpoints needs. An empty field filters
// nothing.
type ListPushEndpointsInput struct {
	ApplicationURN string `validate:"application_urn" code:"InvalidApplicationURN"`
	Page
	Enabled  *bool
	Token    string `validate:"omitempty,device_token" code:"InvalidDeviceToken"` // exact
	UserData string `validate:"user_data" code:"InvalidUserData"`                 // exact
}

// PushEndpointPage is a part of the list of an application's devices.
type PushEndpointPage struct {
	Endpoints []PushEndpoint
	More      bool // there are some behind this page
}

// PushEndpointInput names one device, for calls that need nothing else.
type PushEndpointInput struct {
	EndpointURN string `validate:"push_endpoint_urn" code:"InvalidPushEndpointURN"`
}

// UpdatePushEndpointInput is what UpdatePushEndpoint needs; nil changes nothing.
type UpdatePushEndpointInput struct {
	EndpointURN string `validate:"push_endpoint_urn" code:"InvalidPushEndpointURN"`
	Enabled     *bool
	UserData    *string `validate:"omitempty,user_data" code:"InvalidUserData"`
}

// PushInput is what Push needs.
type PushInput struct {
	EndpointURN string `validate:"push_endpoint_urn" code:"InvalidPushEndpointURN"`
	Message     string `code:"InvalidMessage"` // 1 to Platform.MaxMessage bytes
	// Structure is a JSON object of messages by platform, each an object itself or
	// a text. It goes before Message.
	Structure  string        `validate:"omitempty,message" code:"InvalidMessageStructure"`
	TimeToLive time.Duration `validate:"push_time_to_live" code:"InvalidTimeToLive"` // 1 s to MaxPushTimeToLive; 0 means DefaultTimeToLive
}
