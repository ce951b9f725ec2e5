package wire

import (
	"time"

	"tocsin/shared/smn"
)

// Flag is true or false, which the calls of mobile push write as a text.
type Flag bool

// MarshalJSON writes the text.
func (f Flag) MarshalJSON() ([]byte, error) {
	if f {
		return []byte(`"true"`), nil
	}
	return []byte(`"false"`), nil
}

// UnmarshalJSON reads "true", true, "false" and false.
func (f *Flag) UnmarshalJSON(b []byte) error {
	text := string(b)
	if len(text) > 1 && text[0] == '"' {
		text = text[1 : len(text)-1]
	}
	on, err := ParseFlag(text)
	*f = Flag(on)
	return err
}

// ParseFlag reads what stands in a query. InvalidEnabled.
func ParseFlag(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, smn.Errorf(smn.InvalidEnabled, "enabled must be true or false")
}

// ApplicationRequest is the body of CreateApplication and, without name and
// platform, of UpdateApplication.
type ApplicationRequest struct {
	Name       string `json:"name,omitempty" code:"InvalidApplicationName"`
	Platform   string `json:"platform,omitempty" code:"InvalidPlatform"`
	Principal  string `json:"platform_principal" code:"InvalidPrincipal"`
	Credential string `json:"platform_credential" code:"InvalidCredential"`
}

// Credentials are those of the request.
func (r ApplicationRequest) Credentials() smn.PushCredentials {
	return smn.PushCredentials{Principal: r.Principal, Credential: r.Credential}
}

// CreateApplicationResponse answers CreateApplication.
type CreateApplicationResponse struct {
	RequestID      string `json:"request_id"`
	ApplicationURN string `json:"application_urn"`
	ApplicationID  string `json:"application_id"`
}

// Application is an application in a list.
type Application struct {
	Name           string `json:"name"`
	Platform       string `json:"platform"`
	CreateTime     string `json:"create_time"`
	ApplicationURN string `json:"application_urn"`
	ApplicationID  string `json:"application_id"`
	ApplicationAttributes
}

// ApplicationAttributes are what can be said of an application beside its names.
type ApplicationAttributes struct {
	Enabled            Flag   `json:"enabled"`
	CertificateExpires string `json:"apple_certificate_expiration_date,omitempty"`
}

// ListApplicationsResponse answers ListApplications.
type ListApplicationsResponse struct {
	RequestID        string        `json:"request_id"`
	ApplicationCount int           `json:"application_count"` // of the whole list
	Applications     []Application `json:"applications"`      // never null
}

// GetApplicationResponse answers GetApplication.
type GetApplicationResponse struct {
	RequestID     string                `json:"request_id"`
	ApplicationID string                `json:"application_id"`
	Attributes    ApplicationAttributes `json:"attributes"`
}

// NewApplication spells an application.
func NewApplication(a smn.Application) Application {
	w := Application{
		Name:                  a.URN.Name,
		Platform:              string(a.URN.Platform),
		CreateTime:            Time(a.CreatedAt),
		ApplicationURN:        a.URN.String(),
		ApplicationID:         a.ID,
		ApplicationAttributes: ApplicationAttributes{Enabled: Flag(a.Enabled)},
	}
	if !a.CertificateExpires.IsZero() {
		w.CertificateExpires = Time(a.CertificateExpires)
	}
	return w
}

// Application reads what NewApplication spelt.
func (w Application) Application() (smn.Application, error) {
	urn, err := smn.ParseApplicationURN(w.ApplicationURN)
	if err != nil {
		return smn.Application{}, err
	}
	created, err := ParseTime(w.CreateTime)
	if err != nil {
		return smn.Application{}, err
	}
	var expires time.Time
	if w.CertificateExpires != "" {
		if expires, err = ParseTime(w.CertificateExpires); err != nil {
			return smn.Application{}, err
		}
	}
	return smn.Application{
		URN: urn, ID: w.ApplicationID, Enabled: bool(w.Enabled), CreatedAt: created, CertificateExpires: expires,
	}, nil
}

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
