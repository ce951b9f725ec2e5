package broker

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// applicationKind is that of the documents which hold applications.
const applicationKind = "application"

// application is the body of such a document.
type application struct {
	Platform smn.Platform `json:"platform"`
	Name     string       `json:"name"`
	// Proof is a digest of the credentials. Nothing here sends to a platform, so
	// that the credentials themselves need not be kept.
	Proof              string    `json:"proof"`
	CertificateExpires time.Time `json:"certificate_expires,omitzero"`
}

// prove sets what follows from the credentials.
func (a *application) prove(c smn.PushCredentials) {
	sum := sha256.Sum256([]byte(c.Principal + "\x00" + c.Credential))
	a.Proof, a.CertificateExpires = hex.EncodeToString(sum[:]), time.Time{}
	if a.Platform != smn.HMS {
		a.CertificateExpires = expiryOf(c.Principal)
	}
}

// expiryOf is when a certificate expires that came as Base64 of PEM or DER; zero
// when it cannot be read.
func expiryOf(text string) time.Time {
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return time.Time{}
	}
	if block, _ := pem.Decode(der); block != nil {
		der = block.Bytes
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return time.Time{}
	}
	return certificate.NotAfter.UTC()
}

// applicationName is the name of the document, unique in its project.
func applicationName(p smn.Platform, name string) string { return string(p) + "-" + name }

// CreateApplication implements smn.Applications.
func (b *Broker) CreateApplication(ctx context.Context, in smn.CreateApplicationInput) (smn.CreateApplicationOutput, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.CreateApplicationOutput{}, err
	}
	urn := smn.ApplicationURN{Region: b.Region, Project: caller.Project, Platform: in.Platform, Name: in.Name}
	body := application{Platform: in.Platform, Name: in.Name}
	body.prove(in.PushCredentials)
	d, err := b.createDocument(ctx, caller.Project, applicationKind, applicationName(in.Platform, in.Name), smn.MaxApplications, body)
	if err == nil {
		return smn.CreateApplicationOutput{URN: urn.String(), ID: d.ID, Created: true}, nil
	}
	if !errors.Is(err, store.ErrConflict) {
		return smn.CreateApplicationOutput{}, err
	}
	there, kept, err := b.application(ctx, urn)
	if err != nil {
		return smn.CreateApplicationOutput{}, err
	}
	if kept.Proof != body.Proof {
		return smn.CreateApplicationOutput{}, smn.Errorf(smn.ApplicationExists, "application %s exists with other credentials", urn)
	}
	return smn.CreateApplicationOutput{URN: urn.String(), ID: there.ID}, nil
}

// ListApplications implements smn.Applications. A project has few, so the filters
// look at them all.
func (b *Broker) ListApplications(ctx context.Context, in smn.ListApplicationsInput) (smn.ApplicationPage, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.ApplicationPage{}, err
	}
	all, err := b.applications(ctx, caller.Project)
	if err != nil {
		return smn.ApplicationPage{}, err
	}
	fit := []smn.Application{}
	for _, a := range all {
		if strings.HasPrefix(a.URN.Name, in.Name) && (in.Platform == "" || in.Platform == a.URN.Platform) {
			fit = append(fit, a)
		}
	}
	return smn.ApplicationPage{Applications: part(fit, in.Page), Total: len(fit)}, nil
}

// applications are all of a project, in the order of making.
func (b *Broker) applications(ctx context.Context, project string) ([]smn.Application, error) {
	page, err := b.Store.ListDocuments(ctx, store.DocumentQuery{Owner: project, Kind: applicationKind, Limit: smn.MaxApplications})
	if err != nil {
		return nil, fmt.Errorf("list applications: %w", err)
	}
	all := make([]smn.Application, len(page.Documents))
	for i, d := range page.Documents {
		if all[i], err = b.describeApplication(d); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// GetApplication implements smn.Applications.
func (b *Broker) GetApplication(ctx context.Context, in smn.ApplicationInput) (smn.Application, error) {
	d, err := b.ownApplication(ctx, in, in.ApplicationURN)
	if err != nil {
		return smn.Application{}, err
	}
	return b.describeApplication(d)
}

// UpdateApplication implements smn.Applications.
func (b *Broker) UpdateApplication(ctx context.Context, in smn.UpdateApplicationInput) error {
	d, err := b.ownApplication(ctx, in, in.ApplicationURN)
	if err != nil {
		return err
	}
	_, err = updateDocument(ctx, b, d.DocumentKey, func(kept *application) { kept.prove(in.PushCredentials) })
	return orMissing(err, noApplication(in.ApplicationURN))
}

// DeleteApplication implements smn.Applications. Its endpoints are documents of
// its own, which go with it.
func (b *Broker) DeleteApplication(ctx context.Context, in smn.ApplicationInput) error {
	d, err := b.ownApplication(ctx, in, in.ApplicationURN)
	if err != nil {
		return err
	}
	return orMissing(b.deleteDocument(ctx, d.DocumentKey), noApplication(in.ApplicationURN))
}

// ownApplication finds an application that belongs to the caller.
func (b *Broker) ownApplication(ctx context.Context, input any, text string) (store.Document, error) {
	caller, err := enter(ctx, input)
	if err != nil {
		return store.Document{}, err
	}
	urn, err := smn.ParseApplicationURN(text)
	if err != nil {
		return store.Document{}, err
	}
	if urn.Project != caller.Project {
		return store.Document{}, smn.Errorf(smn.Forbidden, "the application belongs to another project")
	}
	d, _, err := b.application(ctx, urn)
	return d, err
}

// application finds an application. One of another region does not exist here.
func (b *Broker) application(ctx context.Context, urn smn.ApplicationURN) (store.Document, application, error) {
	if urn.Region != b.Region {
		return store.Document{}, application{}, noApplication(urn.String())
	}
	d, err := b.Store.FindDocument(ctx, urn.Project, applicationKind, applicationName(urn.Platform, urn.Name))
	if err != nil {
		return store.Document{}, application{}, orMissing(err, noApplication(urn.String()))
	}
	body, err := bodyOf[application](d)
	return d, body, err
}

func noApplication(urn string) error {
	return smn.Errorf(smn.ApplicationNotFound, "application %s does not exist", urn)
}

// describeApplication is the one translation of an application from the store's
// terms.
func (b *Broker) describeApplication(d store.Document) (smn.Application, error) {
	body, err := bodyOf[application](d)
	if err != nil {
		return smn.Application{}, err
	}
	return smn.Application{
		URN:                smn.ApplicationURN{Region: b.Region, Project: d.Owner, Platform: body.Platform, Name: body.Name},
		ID:                 d.ID,
		Enabled:            true,
		CreatedAt:          d.CreatedAt,
		CertificateExpires: body.CertificateExpires,
	}, nil
}
