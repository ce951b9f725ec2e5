package signing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"tocsin/shared/signing"
	"tocsin/shared/wire"
)

// receiver is an endpoint that takes the messages of one topic.
func receiver(v *signing.Verifier, topicURN string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<20)) // a message has up to 256 KiB, in JSON up to six times that
		if err != nil {
			http.Error(w, "cannot read the body", http.StatusBadRequest)
			return
		}
		message, err := v.Verify(r.Context(), body)
		switch {
		case errors.Is(err, signing.ErrUnavailable):
			http.Error(w, "please send it again", http.StatusServiceUnavailable)
		case err != nil || message.TopicURN != topicURN:
			http.Error(w, "not for us", http.StatusForbidden)
		case message.Type == wire.TypeConfirmation:
			res, err := http.Get(message.SubscribeURL) // genuine, so it leads to the service
			if err != nil {
				http.Error(w, "please send it again", http.StatusServiceUnavailable)
				return
			}
			_ = res.Body.Close()
		case message.Type == wire.TypeNotification:
			fmt.Println("received:", message.Message)
		}
	}
}

func ExampleVerifier() {
	// The service, as far as it matters here: it serves its certificate and sends
	// a signed message.
	key, err := signing.NewKey(time.Now())
	if err != nil {
		panic(err)
	}
	signer := signing.New(key, "local")
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		certificate, _ := signer.Certificate(r.Context(), signer.CertificateID())
		_, _ = w.Write(certificate)
	}))
	defer service.Close()
	const topic = "urn:smn:local:0123456789abcdef0123456789abcdef:alarms"
	message := wire.Push{
		Type: wire.TypeNotification, MessageID: "88c726942175432bac921eafd0036163", TopicURN: topic,
		Message: "the bell rings", Timestamp: wire.Time(time.Now()),
		SigningCertURL: service.URL + "/smn/" + signer.CertificateID(),
	}
	if err := signer.Sign(&message); err != nil {
		panic(err)
	}

	// The receiver.
	endpoint := httptest.NewServer(receiver(&signing.Verifier{BaseURL: service.URL}, topic))
	defer endpoint.Close()
	for _, text := range []string{message.Message, "all is well"} {
		message.Message = text
		body, _ := json.Marshal(message)
		res, err := http.Post(endpoint.URL, "application/json", bytes.NewReader(body))
		if err != nil {
			panic(err)
		}
		_ = res.Body.Close()
		fmt.Println(res.StatusCode)
	}
	// Output:
	// received: the bell rings
	// 200
	// 403
}
