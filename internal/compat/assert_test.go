package compat

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	"github.com/stretchr/testify/require"
)

// text is a field of an answer that must be there.
func text(t *testing.T, field *string) string {
	t.Helper()
	require.NotNil(t, field)
	return *field
}

// id is a field of an answer that must be there and look like an id of SMN.
func id(t *testing.T, field *string) string {
	t.Helper()
	require.Regexp(t, "^[0-9a-f]{32}$", text(t, field))
	return *field
}

// moment is a time as SMN writes it.
func moment(t *testing.T, field string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05Z", field)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
	return at
}

// refusals are the errors that SMN documents and the scenarios provoke: status
// and how their text begins, as the SDK shows them. The texts about applications
// have changed over time.
var refusals = map[string]struct {
	status  int
	message string
}{
	"SMN.0001":   {http.StatusForbidden, "No permission to request resources."},
	"SMN.0002":   {http.StatusBadRequest, "Parameter: Name is invalid."},
	"SMN.0003":   {http.StatusBadRequest, "Parameter: DisplayName is invalid."},
	"SMN.0005":   {http.StatusBadRequest, "Parameter: TopicUrn is invalid."},
	"SMN.0006":   {http.StatusNotFound, "Topic not found."},
	"SMN.0008":   {http.StatusForbidden, "Parameter: Subject is invalid."},
	"SMN.0009":   {http.StatusForbidden, "Parameter: Message is invalid."},
	"SMN.0011":   {http.StatusBadRequest, "Parameter: Protocol is invalid."},
	"SMN.0012":   {http.StatusBadRequest, "Parameter: Endpoint is invalid."},
	"SMN.0013":   {http.StatusNotFound, "Subscription resource not found."},
	"SMN.0014":   {http.StatusBadRequest, "Parameter: SubscriptionUrn is invalid."},
	"SMN.0015":   {http.StatusBadRequest, "Parameter: Offset or limit is invalid."},
	"SMN.0017":   {http.StatusBadRequest, "Parameter: Remark is invalid."},
	"SMN.0021":   {http.StatusBadRequest, "MessageStructure is invalid."},
	"SMN.0024":   {http.StatusBadRequest, "Parameter: content is invalid."},
	"SMN.0025":   {http.StatusBadRequest, "Template already exists."},
	"SMN.0027":   {http.StatusNotFound, "Template not found."},
	"SMN.0031":   {http.StatusBadRequest, "Parameter: template_id is invalid."},
	"SMN.0032":   {http.StatusBadRequest, "Parameter: message_template_name is invalid."},
	"SMN.0038":   {http.StatusBadRequest, "Parameter: tag is invalid."},
	"SMN.0042":   {http.StatusBadRequest, "Parameter: Message_template_name is invalid."},
	"SMN.0046":   {http.StatusBadRequest, "Parameter: Attribute name is invalid."},
	"SMN.0047":   {http.StatusForbidden, "Parameter: Value exceeds the maximum length."},
	"SMN.0048":   {http.StatusBadRequest, "Parameter: Access policy is invalid."},
	"SMN.0049":   {http.StatusBadRequest, "Parameter: Access policy version is invalid."},
	"SMN.0073":   {http.StatusBadRequest, "Parameter: Invalid action."},
	"SMN.0076":   {http.StatusNotFound, "Default message template not found."},
	"SMN.0077":   {http.StatusBadRequest, "Parameter: Status is invalid."},
	"SMN.0082":   {http.StatusBadRequest, "The length of the remark parameter value has reached the maximum allowed."},
	"SMN.0115":   {http.StatusBadRequest, ""},
	"SMN.0116":   {http.StatusForbidden, ""},
	"SMN.0119":   {http.StatusForbidden, ""},
	"SMN.0125":   {http.StatusNotFound, ""},
	"SMN.0130":   {http.StatusNotFound, ""},
	"SMN.0131":   {http.StatusForbidden, ""},
	"SMN.0136":   {http.StatusBadRequest, ""},
	"APIGW.0301": {http.StatusUnauthorized, "Incorrect IAM authentication information"},
}

// refused checks that the service refused a call with a code, or one of several,
// and with its status and text.
func refused(t *testing.T, err error, codes ...string) {
	t.Helper()
	require.Contains(t, refusals, codes[0])
	e := failed(t, err, refusals[codes[0]].status)
	require.Contains(t, codes, e.ErrorCode)
	require.True(t, strings.HasPrefix(e.ErrorMessage, refusals[e.ErrorCode].message), e.ErrorMessage)
}

// undocumented checks a refusal by the service for which its documents do not say
// which code it has.
func undocumented(t *testing.T, err error, status int) {
	t.Helper()
	require.Regexp(t, `^SMN\.\d{4,5}$`, failed(t, err, status).ErrorCode)
}

// failed checks what every refusal has: the SDK's error, its status, a text, and
// the request id, which the SDK takes from a header.
func failed(t *testing.T, err error, status int) *sdkerr.ServiceResponseError {
	t.Helper()
	var e *sdkerr.ServiceResponseError
	require.ErrorAs(t, err, &e)
	require.Equal(t, status, e.StatusCode, e)
	require.NotEmpty(t, e.ErrorMessage)
	id(t, &e.RequestId)
	return e
}
