package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/store"
)

// RunSecrets runs the suite of store.Secrets. open gives an empty one and closes
// it with the test.
func RunSecrets(t *testing.T, open func(t *testing.T) store.Secrets) {
	making := func(secret string) func() ([]byte, error) {
		return func() ([]byte, error) { return []byte(secret), nil }
	}

	t.Run("what was made first stays", func(t *testing.T) {
		secrets := open(t)
		for _, s := range []string{"first", "second"} {
			got, err := secrets.GetOrCreate(t.Context(), "key", making(s))
			require.NoError(t, err)
			require.Equal(t, "first", string(got))
		}
		got, err := secrets.GetOrCreate(t.Context(), "other", making("other"))
		require.NoError(t, err)
		require.Equal(t, "other", string(got))
	})

	t.Run("what could not be made is not kept", func(t *testing.T) {
		secrets := open(t)
		failure := errors.New("no entropy")
		_, err := secrets.GetOrCreate(t.Context(), "key", func() ([]byte, error) { return []byte("half"), failure })
		require.ErrorIs(t, err, failure)
		got, err := secrets.GetOrCreate(t.Context(), "key", making("whole"))
		require.NoError(t, err)
		require.Equal(t, "whole", string(got))
	})

	t.Run("of many at once all get the same", func(t *testing.T) {
		secrets := open(t)
		got := atOnce(t, 20, func(i int) (string, error) {
			secret, err := secrets.GetOrCreate(context.Background(), "key", making(fmt.Sprint(i)))
			return string(secret), err
		})
		for _, secret := range got {
			require.Equal(t, got[0], secret)
		}
	})
}
