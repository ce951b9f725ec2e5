package httpapi

import (
	"errors"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// door is the kind of client that an operation serves: whether it must prove who
// it is, and the shape in which it reads errors.
type door struct {
	owners bool // only those who prove to own a project
	basic  bool // an access key and its secret in plain words are proof enough
	spell  func(requestID string, err error) reply
}

var (
	ownerDoor = door{owners: true, spell: spellSMN}
	alertDoor = door{owners: true, basic: true, spell: spellSMN}
	openDoor  = door{spell: spellSMN}
	linkDoor  = door{spell: spellLink}
	pageDoor  = door{spell: spellPage}
	loginDoor = door{spell: spellIAM}
	tokenDoor = door{owners: true, spell: spellIAM}
)

// explain splits an error into its spelling and a text for its reader. The text
// of an internal error stays in the log. Why a credential was refused is said in
// the message itself, as SMN does it: SDKs show nothing else.
func explain(err error) (wire.Failure, string) {
	code := smn.CodeOf(err)
	var e *smn.Error
	if code == smn.Internal || !errors.As(err, &e) {
		return wire.FailureOf(smn.Internal), ""
	}
	f := wire.FailureOf(code)
	if code == smn.Unauthenticated && e.Detail != "" {
		f.Message = e.Detail
		return f, ""
	}
	return f, e.Detail
}

func spellSMN(requestID string, err error) reply {
	f, detail := explain(err)
	rep := reply{status: f.Status, header: comeAgain(f.Status)}
	if f.Gateway {
		rep.json = wire.GatewayError{RequestID: requestID, Code: f.Code, Message: f.Message, Detail: detail}
	} else {
		rep.json = wire.Error{RequestID: requestID, Code: f.Code, Message: f.Message, Detail: detail}
	}
	return rep
}

func spellLink(_ string, err error) reply {
	f, detail := explain(err)
	return reply{status: f.Status, json: wire.LinkError{Message: join(f.Message, detail)}}
}

func spellIAM(_ string, err error) reply {
	f, detail := explain(err)
	return reply{status: f.Status, json: wire.IAMError{Error: wire.IAMErrorBody{
		Code: f.Status, Message: join(f.Message, detail), Title: http.StatusText(f.Status),
	}}, header: comeAgain(f.Status)}
}

// comeAgain tells those who are sent away for the moment when to come again.
func comeAgain(status int) map[string]string {
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		return map[string]string{"Retry-After": "1"}
	}
	return nil
}

// join puts SMN's text and ours into the only field there is.
func join(message, detail string) string {
	if detail == "" {
		return message
	}
	return message + " " + detail
}
