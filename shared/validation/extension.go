package validation

import (
	"errors"
	"fmt"

	"tocsin/shared/smn"
)

// checkExtension says what an extension holds that its protocol has no use for,
// or lacks. The texts never repeat a value: values are often credentials.
func checkExtension(p smn.Protocol, e smn.Extension) error {
	switch {
	case len(e.Header) > 0 && p != smn.HTTP && p != smn.HTTPS:
		return errors.New("extension.header is for the protocols http and https only")
	case (e.Keyword != "" || e.SignSecret != "") && p != smn.DingDing && p != smn.Feishu:
		return errors.New("extension.keyword and extension.sign_secret are for the protocols dingding and feishu only")
	case e.Keyword != "" && e.SignSecret != "":
		return errors.New("extension.keyword and extension.sign_secret exclude each other")
	case p == smn.Feishu && e.Keyword == "" && e.SignSecret == "":
		return errors.New("protocol feishu needs extension.keyword or extension.sign_secret")
	case (e.ClientID != "" || e.ClientSecret != "") && p != smn.WeLink:
		return errors.New("extension.client_id and extension.client_secret are for the protocol welink only")
	case (e.ClientID == "") != (e.ClientSecret == ""):
		return errors.New("extension.client_id and extension.client_secret belong together")
	case len(e.Keyword) > smn.MaxExtensionText || !isLine(e.Keyword):
		return fmt.Errorf("extension.keyword must be one line of at most %d bytes", smn.MaxExtensionText)
	case !isCredential(e.SignSecret):
		return errors.New("extension.sign_secret" + credentialRule)
	case !isCredential(e.ClientID):
		return errors.New("extension.client_id" + credentialRule)
	case !isCredential(e.ClientSecret):
		return errors.New("extension.client_secret" + credentialRule)
	}
	return checkRetry(e.Retry)
}

// checkRetry says what is wrong with a retry policy. Every protocol may have one.
func checkRetry(p *smn.RetryPolicy) error {
	switch {
	case p == nil:
		return nil
	case p.Delays == nil:
		return errors.New("extension.retry needs delays; [] means that nothing is tried again")
	case len(p.Delays) > smn.MaxRetries:
		return fmt.Errorf("extension.retry has %d delays; at most %d are allowed", len(p.Delays), smn.MaxRetries)
	}
	for _, seconds := range p.Delays {
		if seconds < 1 || seconds > smn.MaxRetryDelay {
			return fmt.Errorf("delays in extension.retry must be from 1 to %d seconds", smn.MaxRetryDelay)
		}
	}
	return nil
}

var credentialRule = fmt.Sprintf(" must be printable ASCII without spaces, at most %d characters", smn.MaxExtensionText)

// isCredential: what programs make up as keys and secrets; empty for none.
func isCredential(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= smn.MaxExtensionText
}
