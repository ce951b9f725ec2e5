package iam

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"tocsin/shared/smn"
)

// The costs of a password hash that are taken. Below, a stolen hash is cheap to
// try passwords on; above, one login keeps a CPU busy for a second and more.
const (
	minHashCost = 10
	maxHashCost = 14
)

// maxHashedPassword is the longest password that bcrypt can tell apart, in bytes.
const maxHashedPassword = 72

// HashPassword makes what a User has as PasswordHash. A password has 1 to 72
// bytes, all that bcrypt reads.
func HashPassword(password string) (string, error) {
	if password == "" || len(password) > maxHashedPassword {
		return "", fmt.Errorf("a password has 1 to %d bytes", maxHashedPassword)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), 12)
	return string(hash), err
}

// costOf is the cost of a hash, or what is wrong with it, without showing it:
// people put the password itself there.
func costOf(hash string) (int, error) {
	cost, err := bcrypt.Cost([]byte(hash))
	switch {
	case err != nil || len(hash) != len(impossibleHash(minHashCost)):
		return 0, errors.New("this is no bcrypt hash; tocsin hash-password makes one")
	case cost < minHashCost || cost > maxHashCost:
		return 0, fmt.Errorf("the bcrypt hash has cost %d: want %d to %d", cost, minHashCost, maxHashCost)
	}
	return cost, nil
}

// impossibleHash is well formed and the hash of no password anyone knows.
func impossibleHash(cost int) []byte {
	return fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 53))
}

// hasPassword says whether this is the password of acc, who may be nil. Someone
// unknown takes as long as a wrong password.
//
// Overloaded when too many others are being checked.
func (a *Authority) hasPassword(ctx context.Context, d *directory, acc *account, password string) (bool, error) {
	want, hash := a.passwordKey, impossibleHash(d.hardest) // neither fits any password
	if acc != nil && acc.password != nil {
		want = acc.password
	}
	if acc != nil && acc.hash != nil {
		hash = acc.hash
	}
	right := hmac.Equal(digest(a.passwordKey, password), want)
	if d.hardest > 0 {
		if err := a.gate.enter(ctx); err != nil {
			return false, err
		}
		defer a.gate.leave()
		// What is beyond the 72nd byte bcrypt does not see.
		if bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil && len(password) <= maxHashedPassword {
			right = true
		}
	}
	return right && acc != nil, nil
}

// gate bounds how many passwords are checked against hashes at once, which costs
// tens of milliseconds of a CPU each: a flood of logins must leave the other
// CPUs, and so publishing, alone.
type gate struct {
	inside  chan struct{}
	waiting chan struct{}
}

const (
	maxWaiting = 64 // logins beyond are refused at once
	maxWait    = 5 * time.Second
)

func newGate() gate {
	return gate{
		inside:  make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		waiting: make(chan struct{}, maxWaiting),
	}
}

// enter waits for its turn, for a while. Who got in calls leave.
func (g gate) enter(ctx context.Context) error {
	select {
	case g.inside <- struct{}{}:
		return nil
	default:
	}
	busy := smn.Errorf(smn.Overloaded, "too many logins are in hand; try again in a moment")
	select {
	case g.waiting <- struct{}{}:
		defer func() { <-g.waiting }()
	default:
		return busy
	}
	patience := time.NewTimer(maxWait)
	defer patience.Stop()
	select {
	case g.inside <- struct{}{}:
		return nil
	case <-patience.C:
	case <-ctx.Done():
	}
	return busy
}

func (g gate) leave() { <-g.inside }
