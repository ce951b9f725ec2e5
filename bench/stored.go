package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tocsin/shared/smn"
)

// stored measures what many stored subscriptions cost where they should cost
// nothing. Nothing is delivered meanwhile.
func (b *bench) stored(ctx context.Context) ([]step, error) {
	empty := plan{topic: "empty"}
	full := plan{topic: "full", endpoints: b.sink.endpoints(smn.MaxSubscriptions)}
	s, _, err := b.launch(ctx, []plan{empty, full}, "TOCSIN_DELIVERY=false")
	if err != nil {
		return nil, err
	}
	request := func(method, path string, body []byte) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
		if err == nil {
			r.Header = s.header()
		}
		return r, err
	}
	publishing := func(p plan) (*http.Request, error) {
		t, err := s.publishing(s.url, p.urn())
		if err != nil {
			return nil, err
		}
		return request(http.MethodPost, s.path(p.urn())+"/publish", t.body)
	}
	listing := func(offset int) (*http.Request, error) {
		return request(http.MethodGet, fmt.Sprintf("%s/subscriptions?offset=%d&limit=%d", s.path(full.urn()), offset, smn.DefaultLimit), nil)
	}
	last := smn.MaxSubscriptions - smn.DefaultLimit
	publishFull, err1 := publishing(full)
	publishEmpty, err2 := publishing(empty)
	listLast, err3 := listing(last)
	listFirst, err4 := listing(0)
	return []step{
		b.sideBySide(&row{
			name: "publish, 10,000 subscriptions, no delivery", base: "without subscriptions", unit: millis, result: ratio,
			goal: goal{atLeast: 1.3, aim: 1.05, atMost: true},
		}, publishFull, publishEmpty),
		b.sideBySide(&row{
			name: fmt.Sprintf("list %d of 10,000 at offset %s", smn.DefaultLimit, whole(float64(last))), base: "at offset 0", unit: millis, result: ratio,
			goal: goal{atLeast: 3, aim: 1.2, atMost: true},
		}, listLast, listFirst),
	}, errors.Join(err1, err2, err3, err4)
}

// sideBySide is the step of a row that is judged by the ratio of two medians of
// time: requests go one by one, now the one, now the other, so that whatever the
// machine does besides hits both.
func (b *bench) sideBySide(r *row, ours, base *http.Request) step {
	client := &http.Client{Timeout: patience}
	return step{name: r.name, rows: []*row{r}, measure: func(ctx context.Context, _ int) ([]reading, error) {
		var took [2]series
		for s := newSpan(b.options.length); time.Now().Before(s.to); {
			for i, request := range []*http.Request{ours, base} {
				t, err := timeOf(client, request.Clone(ctx))
				if err != nil {
					return nil, err
				}
				if time.Now().After(s.from) {
					took[i] = append(took[i], t.Seconds())
				}
			}
		}
		return []reading{ofBase(took[0].median(), took[1].median())}, nil
	}}
}

// timeOf makes a request and tells how long it took until the end of the answer.
func timeOf(client *http.Client, r *http.Request) (time.Duration, error) {
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return 0, err
		}
		r.Body = body
	}
	began := time.Now()
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	err = read(answer)
	return time.Since(began), err
}
