package access

import (
	"slices"
	"time"

	"tocsin/shared/smn"
)

// Policy is an access policy that keeps the rules of Parse. It never changes, so
// many goroutines may judge by it at once.
type Policy struct{ statements []statement }

// Request is what somebody wants to do.
type Request struct {
	Domain string // id of the caller's account
	Action Action
	Topic  string // URN
	Time   time.Time

	// Of the endpoint to be subscribed; empty for every other action.
	Protocol smn.Protocol
	Endpoint string
}

// Verdict is what a policy says about a request.
type Verdict int

// The verdicts.
const (
	NoWord  Verdict = iota // no statement applies; whoever is not the owner may not
	Allowed                // a statement allows it and none denies it
	Denied                 // a statement denies it, whatever others allow
)

// Judge says what the policy has to say about a request.
func (p *Policy) Judge(r Request) Verdict {
	verdict := NoWord
	for _, s := range p.statements {
		switch {
		case !s.applies(r):
		case s.deny:
			return Denied
		default:
			verdict = Allowed
		}
	}
	return verdict
}

// statement is one statement of a policy.
type statement struct {
	deny       bool
	principals list[string] // ids of accounts, or anyone
	actions    list[Action]
	resources  list[string]
	conditions []condition
}

// anyone stands for every account.
const anyone = "*"

func (s statement) applies(r Request) bool {
	named := slices.Contains(s.principals.items, r.Domain) || slices.Contains(s.principals.items, anyone)
	return named != s.principals.except && s.actions.holds(r.Action) && s.resources.holds(r.Topic) &&
		!slices.ContainsFunc(s.conditions, func(c condition) bool { return !c.met(r) })
}

// list is what an element names, or with except all but that.
type list[T comparable] struct {
	except bool
	items  []T
}

func (l list[T]) holds(item T) bool { return slices.Contains(l.items, item) != l.except }
