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
