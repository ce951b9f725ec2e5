package smn

import (
	"context"
	"strings"
	"time"
)

// Applications send to mobile devices, each by one platform.
type Applications interface {
	// CreateApplication makes an application in the caller's project. One of the same
	// platform, name and credentials that is there is answered with its URN;
	// ApplicationExists when its credentials are others. TooManyResources.
	CreateApplication(ctx context.Context, in CreateApplicationInput) (CreateApplicationOutput, error)

	// ListApplications lists the applications of the caller's project in the order of
	// their creation.
	ListApplications(ctx context.Context, in ListApplicationsInput) (ApplicationPage, error)

	// GetApplication describes an application. Of the answer through a client,
	// CreatedAt is zero. ApplicationNotFound.
	GetApplication(ctx context.Context, in ApplicationInput) (Application, error)

	// UpdateApplication gives an application other credentials. ApplicationNotFound.
	UpdateApplication(ctx context.Context, in UpdateApplicationInput) error

	// DeleteApplication removes an application and its endpoints. Deleting twice is
	// ApplicationNotFound the second time; a new one of the same name has none.
	DeleteApplication(ctx context.Context, in ApplicationInput) error
}

// Limits of mobile push. SMN documents those of the fields and none of the
// quotas.
const (
	MaxApplicationName  = 64             // characters
	MaxPushSecret       = 8 * 1024       // bytes of a certificate or key of Apple, in Base64
	MaxDeviceToken      = 512            // bytes
	MaxUserData         = 2 * 1024       // bytes of UTF-8
	MaxHMSMessage       = 2 * 1024       // bytes of UTF-8
	MaxAPNSMessage      = 4 * 1024       // bytes of UTF-8
	MaxPushTimeToLive   = 24 * time.Hour // default: DefaultTimeToLive
	MaxApplications     = 100            // of a project
	MaxPushEndpoints    = 1_000          // of an application
	minHMSSecret        = 32             // characters
	maxHMSSecret        = 64
	maxHMSApplicationID = 20
)

// Platform is a way to mobile devices.
type Platform string

// The platforms.
const (
	HMS         Platform = "HMS" // Huawei Mobile Services
	APNS        Platform = "APNS"
	APNSSandbox Platform = "APNS_SANDBOX"
)

// Platforms are all of them.
var Platforms = []Platform{HMS, APNS, APNSSandbox}

// Protocol is the protocol of a delivery through this platform.
func (p Platform) Protocol() Protocol { return Protocol(p) }

// MaxMessage is how many bytes a message for this platform may have.
func (p Platform) MaxMessage() int {
	if p == HMS {
		return MaxHMSMessage
	}
	return MaxAPNSMessage
}

// ApplicationURN names an application: urn:smn:{region}:{project}:app-{platform}-{name}.
type ApplicationURN struct {
	Region   string
	Project  string
	Platform Platform
	Name     string // see MaxApplicationName
}

var applicationNamePattern = Pattern(`^[A-Za-z0-9_]{1,64}$`)

// IsApplicationName says whether s can name an application: 1 to
// MaxApplicationName letters, digits and underscores.
func IsApplicationName(s string) bool { return applicationNamePattern().MatchString(s) }

// IsPlatform says whether s is a platform.
func IsPlatform(s string) bool {
	return s == string(HMS) || s == string(APNS) || s == string(APNSSandbox)
}

// ParseApplicationURN reads the URN of an application. Anything that
// ApplicationURN.String could not have written is InvalidApplicationURN.
func ParseApplicationURN(s string) (ApplicationURN, error) {
	u, rest, ok := parsePushURN(s, "app-")
	if !ok || rest != "" {
		return ApplicationURN{}, Errorf(InvalidApplicationURN, "an application URN has the form urn:smn:{region}:{project_id}:app-{platform}-{name}")
	}
	return u, nil
}

// parsePushURN reads urn:smn:{region}:{project}:{kind}{platform}-{name}, and what
// may follow behind a further hyphen. None of the parts holds one.
func parsePushURN(s, kind string) (u ApplicationURN, rest string, ok bool) {
	topic, err := ParseTopicURN(s) // of the same form
	if err != nil {
		return u, "", false
	}
	name, ok := strings.CutPrefix(topic.Name, kind)
	if !ok {
		return u, "", false
	}
	platform, name, _ := strings.Cut(name, "-")
	name, rest, more := strings.Cut(name, "-")
	u = ApplicationURN{Region: topic.Region, Project: topic.Project, Platform: Platform(platform), Name: name}
	return u, rest, IsPlatform(platform) && IsApplicationName(name) && more == (rest != "")
}

func (u ApplicationURN) String() string { return u.text("app-") }

func (u ApplicationURN) text(kind string) string {
	return urnPrefix + u.Region + ":" + u.Project + ":" + kind + string(u.Platform) + "-" + u.Name
}

// PushCredentials prove to a platform who sends. They are never given back.
type PushCredentials struct {
	// Principal is an app id for HMS, of at most 20 letters and digits, else a
	// certificate in Base64; see MaxPushSecret.
	Principal string `code:"InvalidPrincipal"`
	// Credential is the app secret for HMS, of 32 to 64 letters and digits, else
	// the key of the certificate in Base64.
	Credential string `code:"InvalidCredential"`
}

var (
	hmsPattern    = Pattern(`^[A-Za-z0-9]+$`)
	base64Pattern = Pattern(`^[A-Za-z0-9+/_\r\n-]+=*[\r\n]*$`)
)

// PrincipalFits says whether Principal is one of the platform.
func (c PushCredentials) PrincipalFits(p Platform) bool {
	if p == HMS {
		return len(c.Principal) <= maxHMSApplicationID && hmsPattern().MatchString(c.Principal)
	}
	return len(c.Principal) <= MaxPushSecret && base64Pattern().MatchString(c.Principal)
}

// CredentialFits says whether Credential is one of the platform.
func (c PushCredentials) CredentialFits(p Platform) bool {
	if p == HMS {
		return len(c.Credential) >= minHMSSecret && len(c.Credential) <= maxHMSSecret && hmsPattern().MatchString(c.Credential)
	}
	return len(c.Credential) <= MaxPushSecret && base64Pattern().MatchString(c.Credential)
}

// Application is what sends to mobile devices by one platform.
type Application struct {
	URN       ApplicationURN
	ID        string
	Enabled   bool
	CreatedAt time.Time
	// CertificateExpires is when the certificate for Apple expires; zero for HMS and
	// for a certificate that cannot be read.
	CertificateExpires time.Time
}

// CreateApplicationInput is what CreateApplication needs.
type CreateApplicationInput struct {
	Name     string   `validate:"application_name" code:"InvalidApplicationName"`
	Platform Platform `validate:"platform" code:"InvalidPlatform"`
	PushCredentials
}

// CreateApplicationOutput is what CreateApplication answers.
type CreateApplicationOutput struct {
	URN     string
	ID      string
	Created bool // false: it was there already
}

// ListApplicationsInput is what ListApplications needs.
type ListApplicationsInput struct {
	Page
	Name     string   `validate:"omitempty,application_name" code:"InvalidApplicationName"` // beginning of the name; empty for all
	Platform Platform `validate:"omitempty,platform" code:"InvalidPlatform"`                // empty for all
}

// ApplicationPage is a part of the list of applications.
type ApplicationPage struct {
	Applications []Application
	Total        int // that fit the filters, whatever the page
}

// ApplicationInput names one application, for calls that need nothing else.
type ApplicationInput struct {
	ApplicationURN string `validate:"application_urn" code:"InvalidApplicationURN"`
}

// UpdateApplicationInput is what UpdateApplication needs.
type UpdateApplicationInput struct {
	ApplicationURN string `validate:"application_urn" code:"InvalidApplicationURN"`
	PushCredentials
}
