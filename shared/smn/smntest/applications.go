package smntest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

var hms = smn.PushCredentials{Principal: "app1", Credential: strings.Repeat("s", 32)}

func (s *suite) application(t *testing.T, name string) smn.CreateApplicationOutput {
	t.Helper()
	out, err := s.owner.CreateApplication(s.owner.ctx, smn.CreateApplicationInput{Name: name, Platform: smn.HMS, PushCredentials: hms})
	require.NoError(t, err)
	return out
}

func (s *suite) device(t *testing.T, application, token string) string {
	t.Helper()
	out, err := s.owner.CreatePushEndpoint(s.owner.ctx, smn.CreatePushEndpointInput{ApplicationURN: application, Token: token, UserData: "data of " + token})
	require.NoError(t, err)
	return out.URN
}

func applications(t *testing.T, s *suite) {
	shop := s.application(t, "shop")
	require.True(t, shop.Created)
	require.True(t, smn.IsID(shop.ID))
	require.Equal(t, "urn:smn:"+s.Region+":"+Owner.Project+":app-HMS-shop", shop.URN)
	again := s.application(t, "shop")
	require.False(t, again.Created)
	require.Equal(t, shop.ID, again.ID)
	require.Equal(t, shop.URN, again.URN)
	other := hms
	other.Principal = "app2"
	_, err := s.owner.CreateApplication(s.owner.ctx, smn.CreateApplicationInput{Name: "shop", Platform: smn.HMS, PushCredentials: other})
	requireCode(t, smn.ApplicationExists, err)
	_, err = s.owner.CreateApplication(s.owner.ctx, smn.CreateApplicationInput{
		Name: "shop", Platform: smn.APNS, PushCredentials: smn.PushCredentials{Principal: "Y2VydA==", Credential: "a2V5"},
	})
	require.NoError(t, err, "names are those of a platform")
	s.application(t, "stock")

	list := func(in smn.ListApplicationsInput) (names []string, total int) {
		page, err := s.owner.ListApplications(s.owner.ctx, in)
		require.NoError(t, err)
		require.NotNil(t, page.Applications)
		for _, a := range page.Applications {
			require.True(t, a.Enabled)
			require.WithinDuration(t, time.Now(), a.CreatedAt, patience)
			require.Zero(t, a.CertificateExpires)
			names = append(names, string(a.URN.Platform)+"/"+a.URN.Name)
		}
		return names, page.Total
	}
	for _, c := range []struct {
		in    smn.ListApplicationsInput
		want  []string
		total int
	}{
		{smn.ListApplicationsInput{}, []string{"HMS/shop", "APNS/shop", "HMS/stock"}, 3},
		{smn.ListApplicationsInput{Page: smn.Page{Offset: 1, Limit: 1}}, []string{"APNS/shop"}, 3},
		{smn.ListApplicationsInput{Page: smn.Page{Offset: 9}}, nil, 3},
		{smn.ListApplicationsInput{Name: "sh"}, []string{"HMS/shop", "APNS/shop"}, 2},
		{smn.ListApplicationsInput{Name: "sh", Platform: smn.APNS}, []string{"APNS/shop"}, 1},
		{smn.ListApplicationsInput{Platform: smn.APNSSandbox}, nil, 0},
	} {
		names, total := list(c.in)
		require.Equal(t, c.want, names, c.in)
		require.Equal(t, c.total, total, c.in)
	}

	a, err := s.owner.GetApplication(s.owner.ctx, smn.ApplicationInput{ApplicationURN: shop.URN})
	require.NoError(t, err)
	require.Equal(t, shop.ID, a.ID)
	require.Equal(t, shop.URN, a.URN.String())
	require.True(t, a.Enabled)

	require.NoError(t, s.owner.UpdateApplication(s.owner.ctx, smn.UpdateApplicationInput{ApplicationURN: shop.URN, PushCredentials: other}))
	_, err = s.owner.CreateApplication(s.owner.ctx, smn.CreateApplicationInput{Name: "shop", Platform: smn.HMS, PushCredentials: hms})
	requireCode(t, smn.ApplicationExists, err, "its credentials are others now")

	device := s.device(t, shop.URN, "token")
	require.NoError(t, s.owner.DeleteApplication(s.owner.ctx, smn.ApplicationInput{ApplicationURN: shop.URN}))
	requireCode(t, smn.ApplicationNotFound, s.owner.DeleteApplication(s.owner.ctx, smn.ApplicationInput{ApplicationURN: shop.URN}))
	_, err = s.owner.GetPushEndpoint(s.owner.ctx, smn.PushEndpointInput{EndpointURN: device})
	requireCode(t, smn.PushEndpointNotFound, err)
	s.application(t, "shop")
	_, err = s.owner.GetPushEndpoint(s.owner.ctx, smn.PushEndpointInput{EndpointURN: device})
	requireCode(t, smn.PushEndpointNotFound, err, "a new application inherits nothing")
}

func applicationRules(t *testing.T, s *suite) {
	apple := smn.PushCredentials{Principal: "Y2VydA==", Credential: "a2V5"}
	with := func(change func(*smn.CreateApplicationInput)) smn.Code {
		in := smn.CreateApplicationInput{Name: "app", Platform: smn.HMS, PushCredentials: hms}
		change(&in)
		_, err := s.owner.CreateApplication(s.owner.ctx, in)
		if err == nil {
			urn := smn.ApplicationURN{Region: s.Region, Project: Owner.Project, Platform: in.Platform, Name: in.Name}
			require.NoError(t, s.owner.DeleteApplication(s.owner.ctx, smn.ApplicationInput{ApplicationURN: urn.String()}))
		}
		return smn.CodeOf(err)
	}
	for past := -1; past <= 1; past++ {
		want := func(c smn.Code) smn.Code {
			if past > 0 {
				return c
			}
			return ""
		}
		type in = smn.CreateApplicationInput
		require.Equal(t, want(smn.InvalidApplicationName), with(func(a *in) { a.Name = strings.Repeat("n", smn.MaxApplicationName+past) }))
		require.Equal(t, want(smn.InvalidPrincipal), with(func(a *in) { a.Principal = strings.Repeat("p", 20+past) }))
		require.Equal(t, want(smn.InvalidCredential), with(func(a *in) { a.Credential = strings.Repeat("p", 64+past) }))
		require.Equal(t, want(smn.InvalidCredential), with(func(a *in) { a.Credential = strings.Repeat("p", 32-past) }))
		require.Equal(t, want(smn.InvalidPrincipal), with(func(a *in) {
			a.Platform, a.PushCredentials = smn.APNS, apple
			a.Principal = strings.Repeat("p", smn.MaxPushSecret+past)
		}))
		require.Equal(t, want(smn.InvalidCredential), with(func(a *in) {
			a.Platform, a.PushCredentials = smn.APNSSandbox, apple
			a.Credential = strings.Repeat("p", smn.MaxPushSecret+past)
		}))
	}
	for _, name := range []string{"", "a-b", "a b", "ä", "a\n"} {
		require.Equal(t, smn.InvalidApplicationName, with(func(a *smn.CreateApplicationInput) { a.Name = name }), name)
	}
	for _, platform := range []smn.Platform{"", "GCM", "hms"} {
		require.Equal(t, smn.InvalidPlatform, with(func(a *smn.CreateApplicationInput) { a.Platform = platform }), platform)
	}
	require.Equal(t, smn.InvalidPrincipal, with(func(a *smn.CreateApplicationInput) { a.Platform = smn.APNS; a.Principal = "no base64!" }))

	urn := s.application(t, "app").URN
	stranger := strings.Replace(urn, Owner.Project, Stranger.Project, 1)
	for code, text := range map[smn.Code]string{
		smn.InvalidApplicationURN: "urn:smn:x:app",
		smn.Forbidden:             stranger,
		smn.ApplicationNotFound:   urn + "x",
	} {
		in := smn.ApplicationInput{ApplicationURN: text}
		_, err := s.owner.GetApplication(s.owner.ctx, in)
		requireCode(t, code, err)
		requireCode(t, code, s.owner.DeleteApplication(s.owner.ctx, in))
		requireCode(t, code, s.owner.UpdateApplication(s.owner.ctx, smn.UpdateApplicationInput{ApplicationURN: text, PushCredentials: hms}))
		_, err = s.owner.CreatePushEndpoint(s.owner.ctx, smn.CreatePushEndpointInput{ApplicationURN: text, Token: "t"})
		requireCode(t, code, err)
		_, err = s.owner.ListPushEndpoints(s.owner.ctx, smn.ListPushEndpointsInput{ApplicationURN: text})
		requireCode(t, code, err)
	}
	requireCode(t, smn.InvalidCredential, s.owner.UpdateApplication(s.owner.ctx, smn.UpdateApplicationInput{
		ApplicationURN: urn, PushCredentials: smn.PushCredentials{Principal: "a", Credential: "short"},
	}))
	for i := range smn.MaxApplications - 1 {
		s.application(t, fmt.Sprint("app", i))
	}
	_, err := s.owner.CreateApplication(s.owner.ctx, smn.CreateApplicationInput{Name: "more", Platform: smn.HMS, PushCredentials: hms})
	requireCode(t, smn.TooManyResources, err)
}

func pushEndpoints(t *testing.T, s *suite) {
	app := s.application(t, "shop").URN
	first, second := s.device(t, app, "one"), s.device(t, app, "two")
	require.Regexp(t, "^urn:smn:"+s.Region+":"+Owner.Project+":endpoint-HMS-shop-[0-9a-f]{32}$", first)
	again, err := s.owner.CreatePushEndpoint(s.owner.ctx, smn.CreatePushEndpointInput{ApplicationURN: app, Token: "one", UserData: "data of one"})
	require.NoError(t, err)
	require.Equal(t, smn.CreatePushEndpointOutput{URN: first}, again)
	_, err = s.owner.CreatePushEndpoint(s.owner.ctx, smn.CreatePushEndpointInput{ApplicationURN: app, Token: "one", UserData: "other"})
	requireCode(t, smn.DeviceTokenExists, err)

	off, data := false, "new"
	require.NoError(t, s.owner.UpdatePushEndpoint(s.owner.ctx, smn.UpdatePushEndpointInput{EndpointURN: second, Enabled: &off}))
	require.NoError(t, s.owner.UpdatePushEndpoint(s.owner.ctx, smn.UpdatePushEndpointInput{EndpointURN: second, UserData: &data}))
	require.NoError(t, s.owner.UpdatePushEndpoint(s.owner.ctx, smn.UpdatePushEndpointInput{EndpointURN: second}))
	e, err := s.owner.GetPushEndpoint(s.owner.ctx, smn.PushEndpointInput{EndpointURN: second})
	require.NoError(t, err)
	require.Equal(t, second, e.URN.String())
	require.Equal(t, "two", e.Token)
	require.Equal(t, "new", e.UserData)
	require.False(t, e.Enabled)

	for _, c := range []struct {
		in   smn.ListPushEndpointsInput
		want []string
		more bool
	}{
		{smn.ListPushEndpointsInput{}, []string{first, second}, false},
		{smn.ListPushEndpointsInput{Page: smn.Page{Limit: 1}}, []string{first}, true},
		{smn.ListPushEndpointsInput{Page: smn.Page{Offset: 1, Limit: 1}}, []string{second}, false},
		{smn.ListPushEndpointsInput{Page: smn.Page{Offset: 2}}, nil, false},
		{smn.ListPushEndpointsInput{Enabled: &off}, []string{second}, false},
		{smn.ListPushEndpointsInput{Token: "one"}, []string{first}, false},
		{smn.ListPushEndpointsInput{UserData: "new"}, []string{second}, false},
		{smn.ListPushEndpointsInput{UserData: "new", Token: "one"}, nil, false},
	} {
		c.in.ApplicationURN = app
		page, err := s.owner.ListPushEndpoints(s.owner.ctx, c.in)
		require.NoError(t, err)
		var urns []string
		for _, e := range page.Endpoints {
			urns = append(urns, e.URN.String())
		}
		require.Equal(t, c.want, urns, c.in)
		require.Equal(t, c.more, page.More, c.in)
	}

	for past := -1; past <= 1; past++ {
		long := strings.Repeat("u", smn.MaxUserData+past)
		update := s.owner.UpdatePushEndpoint(s.owner.ctx, smn.UpdatePushEndpointInput{EndpointURN: first, UserData: &long})
		if past > 0 {
			requireCode(t, smn.InvalidUserData, update)
		} else {
			require.NoError(t, update)
		}
		for code, in := range map[smn.Code]smn.CreatePushEndpointInput{
			smn.InvalidDeviceToken: {Token: strings.Repeat("t", smn.MaxDeviceToken+past)},
			smn.InvalidUserData:    {Token: fmt.Sprint("t", past), UserData: strings.Repeat("u", smn.MaxUserData+past)},
		} {
			in.ApplicationURN = app
			_, err := s.owner.CreatePushEndpoint(s.owner.ctx, in)
			if past > 0 {
				requireCode(t, code, err)
			} else {
				require.NoError(t, err)
			}
		}
	}
	_, err = s.owner.CreatePushEndpoint(s.owner.ctx, smn.CreatePushEndpointInput{ApplicationURN: app})
	requireCode(t, smn.InvalidDeviceToken, err)

	require.NoError(t, s.owner.DeletePushEndpoint(s.owner.ctx, smn.PushEndpointInput{EndpointURN: second}))
	for code, text := range map[smn.Code]string{
		smn.PushEndpointNotFound:   second,
		smn.InvalidPushEndpointURN: app,
		smn.Forbidden:              strings.Replace(first, Owner.Project, Stranger.Project, 1),
	} {
		in := smn.PushEndpointInput{EndpointURN: text}
		_, err := s.owner.GetPushEndpoint(s.owner.ctx, in)
		requireCode(t, code, err)
		requireCode(t, code, s.owner.DeletePushEndpoint(s.owner.ctx, in))
		requireCode(t, code, s.owner.UpdatePushEndpoint(s.owner.ctx, smn.UpdatePushEndpointInput{EndpointURN: text}))
		_, err = s.owner.Push(s.owner.ctx, smn.PushInput{EndpointURN: text, Message: "m"})
		requireCode(t, code, err)
	}
}

func push(t *testing.T, s *suite) {
	device := s.device(t, s.application(t, "shop").URN, "token")
	ofApple, err := s.owner.CreateApplication(s.owner.ctx, smn.CreateApplicationInput{
		Name: "shop", Platform: smn.APNS, PushCredentials: smn.PushCredentials{Principal: "Y2VydA==", Credential: "a2V5"},
	})
	require.NoError(t, err)
	apple := s.device(t, ofApple.URN, "token")
	code := func(in smn.PushInput) smn.Code {
		in.EndpointURN = device
		id, err := s.owner.Push(s.owner.ctx, in)
		require.Equal(t, err == nil, smn.IsID(id))
		return smn.CodeOf(err)
	}
	require.Empty(t, code(smn.PushInput{Message: `{"hps":{}}`}))
	require.Empty(t, code(smn.PushInput{Structure: `{"HMS":{"hps":{}},"APNS":"text"}`}))
	require.Empty(t, code(smn.PushInput{Structure: `{"HMS":"text"}`, Message: strings.Repeat("m", 9999)}), "the structure goes first")
	require.Equal(t, smn.InvalidMessage, code(smn.PushInput{}))
	for _, structure := range []string{`{}`, `{"APNS":"text"}`, `{"HMS":null}`, `{"HMS":5}`, `{"HMS":""}`, `[]`, `null`, `{`, `{"HMS":"half of \ud83d"}`} {
		require.Equal(t, smn.InvalidMessageStructure, code(smn.PushInput{Structure: structure}), structure)
	}
	for past := -1; past <= 1; past++ {
		want := func(c smn.Code) smn.Code {
			if past > 0 {
				return c
			}
			return ""
		}
		long := strings.Repeat("m", smn.MaxHMSMessage+past)
		require.Equal(t, want(smn.InvalidMessage), code(smn.PushInput{Message: long}))
		require.Equal(t, want(smn.InvalidMessageStructure), code(smn.PushInput{Structure: `{"HMS":"` + long + `"}`}))
		require.Equal(t, want(smn.InvalidTimeToLive), code(smn.PushInput{Message: "m", TimeToLive: smn.MaxPushTimeToLive + time.Duration(past)*time.Second}))
		_, err := s.owner.Push(s.owner.ctx, smn.PushInput{EndpointURN: apple, Message: strings.Repeat("m", smn.MaxAPNSMessage+past)})
		require.Equal(t, want(smn.InvalidMessage), smn.CodeOf(err))
	}
	for _, ttl := range []time.Duration{-time.Second, time.Millisecond} {
		require.Equal(t, smn.InvalidTimeToLive, code(smn.PushInput{Message: "m", TimeToLive: ttl}))
	}
	require.Empty(t, code(smn.PushInput{Message: "m", TimeToLive: time.Second}))
	off := false
	require.NoError(t, s.owner.UpdatePushEndpoint(s.owner.ctx, smn.UpdatePushEndpointInput{EndpointURN: device, Enabled: &off}))
	require.Equal(t, smn.EndpointDisabled, code(smn.PushInput{Message: "m"}))
}
