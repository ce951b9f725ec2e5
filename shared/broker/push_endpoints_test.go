package broker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func TestPushEndpointQuota(t *testing.T) {
	f := open(t, nil)
	app, err := f.CreateApplication(f.ctx, smn.CreateApplicationInput{
		Name: "shop", Platform: smn.HMS, PushCredentials: smn.PushCredentials{Principal: "app1", Credential: strings.Repeat("s", 32)},
	})
	require.NoError(t, err)
	create := func(i int) (smn.CreatePushEndpointOutput, error) {
		return f.CreatePushEndpoint(f.ctx, smn.CreatePushEndpointInput{ApplicationURN: app.URN, Token: fmt.Sprint("token", i)})
	}
	var last string
	for i := range smn.MaxPushEndpoints {
		out, err := create(i)
		require.NoError(t, err, i)
		last = out.URN
	}
	_, err = create(smn.MaxPushEndpoints)
	require.Equal(t, smn.TooManyResources, smn.CodeOf(err))
	there, err := create(smn.MaxPushEndpoints - 1)
	require.NoError(t, err, "one that is there is no more")
	require.Equal(t, last, there.URN)
	require.NoError(t, f.DeletePushEndpoint(f.ctx, smn.PushEndpointInput{EndpointURN: last}))
	_, err = create(smn.MaxPushEndpoints)
	require.NoError(t, err)
}
