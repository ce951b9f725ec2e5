package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// signaturesPerSecond is how many RSA signatures of 2,048 bits this machine makes
// when all of its cores do nothing else.
func signaturesPerSecond(ctx context.Context, length time.Duration) (float64, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return 0, err
	}
	digest := sha256.Sum256([]byte("a message"))
	began := time.Now()
	ctx, cancel := context.WithDeadline(ctx, began.Add(length))
	defer cancel()
	var made atomic.Int64
	var failure error
	var once sync.Once
	var cores sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		cores.Go(func() {
			for more := true; more; more = ctx.Err() == nil { // one at least, however late it begins
				if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:]); err != nil {
					once.Do(func() { failure = err })
					return
				}
				made.Add(1)
			}
		})
	}
	cores.Wait()
	return float64(made.Load()) / time.Since(began).Seconds(), failure
}
