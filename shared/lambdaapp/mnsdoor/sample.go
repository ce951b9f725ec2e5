package mnsdoor

import (
	"crypto/subtle"
	"net/http"
	"time"

	"tocsin/shared/lambdaapp"
	"tocsin/shared/mns"
)

// signSamples signs requests that carry the sample token, which their signature would
// not outlive, as if they were sent now.
func signSamples(sample lambdaapp.Sample, h http.Handler) http.Handler {
	if sample.Token == "" {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Security-Token")), []byte(sample.Token)) == 1 {
			r.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
			text := mns.StringToSign(r.Method, mns.Fields(r.Header), r.RequestURI)
			r.Header.Set("Authorization", "MNS "+sample.Key.Access+":"+mns.Sign(sample.Key.Secret, text))
		}
		h.ServeHTTP(w, r)
	})
}
