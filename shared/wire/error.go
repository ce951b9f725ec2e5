package wire

import (
	"net/http"
	"strings"

	"tocsin/shared/smn"
)

// Error is how SMN itself reports a failure. Detail is ours: clients that do not
// know it ignore it, people read it.
type Error struct {
	RequestID string `json:"request_id"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	Detail    string `json:"detail,omitempty"`
}

// GatewayError is how the gateway in front of SMN reports one: no credentials,
// no such route, a request that cannot be read.
type GatewayError struct {
	RequestID string `json:"request_id"`
	Code      string `json:"error_code"`
	Message   string `json:"error_msg"`
	Detail    string `json:"detail,omitempty"`
}

// LinkError is how a public link reports one.
type LinkError struct {
	Message string `json:"message"`
}

// IAMError is how the identity service reports one.
type IAMError struct {
	Error IAMErrorBody `json:"error"`
}

// IAMErrorBody is the inside of IAMError.
type IAMErrorBody struct {
	Code    int    `json:"code"` // the HTTP status
	Message string `json:"message"`
	Title   string `json:"title"` // its name
}

// Failure is how a code is spelt on the wire.
type Failure struct {
	Status  int    // HTTP status
	Code    string // SMN.0006
	Message string // SMN's own text, which real clients show
	Gateway bool   // reported in the gateway's shape
	Shared  bool   // spelt like another code, which is meant when the text is not ours
}

// failures spells every code, in the order of package smn. Where SMN documents no
// code for a case it is spelt like the nearest, and marked.
var failures = map[smn.Code]Failure{
	smn.Forbidden:        {Status: 403, Code: "SMN.0001", Message: "No permission to request resources."},
	smn.InvalidPage:      {Status: 400, Code: "SMN.0015", Message: "Parameter: Offset or limit is invalid."},
	smn.InvalidParameter: {Status: 400, Code: "SMN.0072", Message: "A parameter is invalid."},                // the nearest
	smn.ResourceNotFound: {Status: 404, Code: "SMN.0045", Message: "Resource not found."},                    // the nearest
	smn.TooManyResources: {Status: 403, Code: "SMN.0004", Message: "Exceeded resource limit.", Shared: true}, // the nearest
	smn.Internal:         {Status: 500, Code: "SMN.0018", Message: "Service internal error."},
	smn.Overloaded:       {Status: 503, Code: "SMN.0018", Message: "Service internal error."}, // the nearest

	smn.InvalidTopicName:   {Status: 400, Code: "SMN.0002", Message: "Parameter: Name is invalid."},
	smn.InvalidDisplayName: {Status: 400, Code: "SMN.0003", Message: "Parameter: DisplayName is invalid."},
	smn.InvalidTopicURN:    {Status: 400, Code: "SMN.0005", Message: "Parameter: TopicUrn is invalid."},
	smn.TopicNotFound:      {Status: 404, Code: "SMN.0006", Message: "Topic not found."},
	smn.TooManyTopics:      {Status: 403, Code: "SMN.0004", Message: "Exceeded topic limit."},

	smn.InvalidAttributeName: {Status: 400, Code: "SMN.0046", Message: "Parameter: Attribute name is invalid."},
	smn.AttributeTooLong:     {Status: 403, Code: "SMN.0047", Message: "Parameter: Value exceeds the maximum length."},

	smn.InvalidPolicy:             {Status: 400, Code: "SMN.0048", Message: "Parameter: Access policy is invalid."},
	smn.InvalidPolicyVersion:      {Status: 400, Code: "SMN.0049", Message: "Parameter: Access policy version is invalid."},
	smn.InvalidPolicyID:           {Status: 400, Code: "SMN.0050", Message: "Parameter: Access policy ID is invalid."},
	smn.InvalidPolicyStatement:    {Status: 400, Code: "SMN.0051", Message: "Parameter: Access policy statement is invalid."},
	smn.InvalidStatementID:        {Status: 400, Code: "SMN.0052", Message: "Parameter: Access policy statement ID is invalid."},
	smn.InvalidStatementEffect:    {Status: 400, Code: "SMN.0054", Message: "Parameter: Access policy statement effect is invalid."},
	smn.InvalidStatementPrincipal: {Status: 400, Code: "SMN.0056", Message: "Parameter: Access policy statement principle is invalid."},
	smn.InvalidDomainID:           {Status: 400, Code: "SMN.0090", Message: "Invalid domain ID."},
	smn.InvalidStatementAction:    {Status: 400, Code: "SMN.0055", Message: "Parameter: Access policy statement action is invalid."},
	smn.InvalidStatementResource:  {Status: 400, Code: "SMN.0053", Message: "Parameter: Access policy statement resource is invalid."},
	smn.InvalidStatementCondition: {Status: 400, Code: "SMN.0058", Message: "Parameter: Access policy statement condition is invalid."},

	smn.InvalidSubscription:    {Status: 400, Code: "SMN.0043", Message: "Parameter: subscription is invalid."},
	smn.InvalidProtocol:        {Status: 400, Code: "SMN.0011", Message: "Parameter: Protocol is invalid."},
	smn.InvalidEndpoint:        {Status: 400, Code: "SMN.0012", Message: "Parameter: Endpoint is invalid."},
	smn.InternalEndpoint:       {Status: 403, Code: "SMN.0069", Message: "Not authorized to subscribe internal endpoints."},
	smn.InvalidRemark:          {Status: 400, Code: "SMN.0017", Message: "Parameter: Remark is invalid."},
	smn.RemarkTooLong:          {Status: 400, Code: "SMN.0082", Message: "The length of the remark parameter value has reached the maximum allowed."},
	smn.InvalidStatus:          {Status: 400, Code: "SMN.0077", Message: "Parameter: Status is invalid."},
	smn.InvalidSubscriptionURN: {Status: 400, Code: "SMN.0014", Message: "Parameter: SubscriptionUrn is invalid."},
	smn.SubscriptionNotFound:   {Status: 404, Code: "SMN.0013", Message: "Subscription resource not found."},
	smn.TooManySubscriptions:   {Status: 403, Code: "SMN.0007", Message: "Exceeded subscription limit."},
	smn.TooManyMails:           {Status: 403, Code: "SMN.0065", Message: "The number of email messages exceeds the limit."},
	smn.TooManySMS:             {Status: 403, Code: "SMN.0057", Message: "The number of SMS messages exceeds the limit."},
	smn.TooManyConfirmations:   {Status: 403, Code: "SMN.0065", Message: "The number of confirmation messages exceeds the limit.", Shared: true}, // the nearest
	smn.InvalidFilterPolicy:    {Status: 400, Code: "SMN.0043", Message: "Parameter: filter_polices is invalid.", Shared: true},                  // the nearest
	smn.InvalidUser:            {Status: 400, Code: "SMN.0148", Message: "Parameter: user_id is invalid."},

	smn.InvalidToken:        {Status: 403, Code: "SMN.0022", Message: "Parameter: token is invalid."},
	smn.CertificateNotFound: {Status: 404, Code: "APIGW.0101", Message: "The certificate does not exist.", Gateway: true, Shared: true},

	smn.InvalidSubject:           {Status: 403, Code: "SMN.0008", Message: "Parameter: Subject is invalid."},
	smn.InvalidMessage:           {Status: 403, Code: "SMN.0009", Message: "Parameter: Message is invalid."},
	smn.InvalidMessageStructure:  {Status: 400, Code: "SMN.0021", Message: "MessageStructure is invalid."},
	smn.InvalidMessageAttributes: {Status: 400, Code: "SMN.0019", Message: "Parameter: message_attributes is invalid.", Shared: true}, // the nearest
	smn.InvalidTimeToLive:        {Status: 400, Code: "SMN.0019", Message: "Producer Exceptions."},
	smn.InvalidIdempotencyKey:    {Status: 400, Code: "SMN.0072", Message: "Parameter: Idempotency-Key is invalid.", Shared: true}, // the nearest
	smn.IdempotencyKeyUsed:       {Status: 409, Code: "SMN.00409", Message: "The idempotency key was used for another message."},   // ours

	smn.InvalidTemplateName:     {Status: 400, Code: "SMN.0032", Message: "Parameter: message_template_name is invalid."},
	smn.InvalidTemplateID:       {Status: 400, Code: "SMN.0031", Message: "Parameter: template_id is invalid."},
	smn.InvalidTemplateContent:  {Status: 400, Code: "SMN.0024", Message: "Parameter: content is invalid."},
	smn.TooManyVariables:        {Status: 403, Code: "SMN.0075", Message: "Parameter: tags are too many."},
	smn.TemplateExists:          {Status: 400, Code: "SMN.0025", Message: "Template already exists."},
	smn.TemplateNotFound:        {Status: 404, Code: "SMN.0027", Message: "Template not found."},
	smn.DefaultTemplateNotFound: {Status: 404, Code: "SMN.0076", Message: "Default message template not found."},
	smn.TooManyTemplates:        {Status: 400, Code: "SMN.0044", Message: "Exceeded template limit."},

	smn.InvalidTag:    {Status: 400, Code: "SMN.0038", Message: "Parameter: tag is invalid."},
	smn.InvalidAction: {Status: 400, Code: "SMN.0073", Message: "Parameter: Invalid action."},

	smn.InvalidStartTime: {Status: 400, Code: "SMN.0103", Message: "Parameter: start_time is invalid."},
	smn.InvalidEndTime:   {Status: 400, Code: "SMN.0104", Message: "Parameter: end_time is invalid."},

	smn.InvalidSignID:     {Status: 400, Code: "SMN.0080", Message: "The signId parameter is invalid."},
	smn.InvalidEventType:  {Status: 400, Code: "SMN.0100", Message: "The eventType parameter is invalid."},
	smn.InvalidMessageID:  {Status: 400, Code: "SMN.0102", Message: "Parameter: message_id is invalid."},
	smn.TooManyEndpoints:  {Status: 400, Code: "SMN.0159", Message: "The number of endpoints has reached the maximum allowed."},
	smn.DuplicateEndpoint: {Status: 400, Code: "SMN.0190", Message: "This endpoint already exists."}, // in items of batches only

	smn.InvalidApplicationName: {Status: 400, Code: "SMN.0115", Message: "Parameter: Application name is invalid."},
	smn.InvalidPlatform:        {Status: 403, Code: "SMN.0116", Message: "Platform not supported."},
	smn.InvalidPrincipal:       {Status: 403, Code: "SMN.0119", Message: "PlatformPrinciple must be at most 8192 bytes long in UTF-8 encoding."},
	smn.InvalidCredential:      {Status: 403, Code: "SMN.0120", Message: "PlatformCredential must be at most 8192 bytes long in UTF-8 encoding."},
	smn.InvalidApplicationURN:  {Status: 400, Code: "SMN.0137", Message: "The application URN is invalid."},
	smn.ApplicationExists:      {Status: 400, Code: "SMN.0121", Message: "An application with the same name but different properties already exists."},
	smn.ApplicationNotFound:    {Status: 404, Code: "SMN.0130", Message: "The application does not exist."},
	smn.InvalidDeviceToken:     {Status: 403, Code: "SMN.0131", Message: "The value of the Token parameter is invalid."},
	smn.InvalidUserData:        {Status: 400, Code: "SMN.0132", Message: "The value of the User_data parameter is invalid."},
	smn.InvalidPushEndpointURN: {Status: 400, Code: "SMN.0134", Message: "The endpoint URN is invalid."},
	smn.InvalidEnabled:         {Status: 400, Code: "SMN.0136", Message: "The value of the enabled parameter is invalid."},
	smn.DeviceTokenExists:      {Status: 400, Code: "SMN.0133", Message: "The device token already exists."},
	smn.PushEndpointNotFound:   {Status: 404, Code: "SMN.0125", Message: "Endpoint does not exist."},
	smn.EndpointDisabled:       {Status: 400, Code: "SMN.0136", Message: "The endpoint is disabled.", Shared: true}, // the nearest

	smn.Unauthenticated: {Status: 401, Code: "APIGW.0301", Message: "Incorrect IAM authentication information.", Gateway: true},
	smn.Unreadable:      {Status: 400, Code: "APIGW.0201", Message: "The request cannot be read.", Gateway: true},
	smn.TooLarge:        {Status: 413, Code: "APIGW.0201", Message: "The request body is too large.", Gateway: true},
	smn.NoRoute:         {Status: 404, Code: "APIGW.0101", Message: "The API does not exist or has not been published in the environment.", Gateway: true},
	smn.Throttled:       {Status: 429, Code: "APIGW.0308", Message: "The throttling threshold has been reached.", Gateway: true},
}

// FailureOf spells a code; an unknown one is spelt as Internal.
func FailureOf(code smn.Code) Failure {
	if f, ok := failures[code]; ok {
		return f
	}
	return failures[smn.Internal]
}

// CodeOf is the code that a status and a code on the wire stand for: the inverse
// of FailureOf, for clients. Links and the identity service send no code; then
// the text tells, and so it does where codes share a spelling. What is unknown
// falls back to the meaning of its status.
func CodeOf(status int, code, message string) smn.Code {
	var spelt smn.Code // one that is spelt so, under whatever text
	for c, f := range failures {
		if f.Status != status || code != "" && f.Code != code {
			continue
		}
		if strings.HasPrefix(message, f.Message) {
			return c
		}
		if code != "" && !f.Shared {
			spelt = c
		}
	}
	if spelt != "" {
		return spelt
	}
	if c, ok := statuses[status]; ok {
		return c
	}
	return smn.Internal
}

// CodeOfItem is the code of an item of a batch that carries no status.
func CodeOfItem(code, message string) smn.Code {
	for c, f := range failures {
		if c != smn.Overloaded && f.Code == code && strings.HasPrefix(message, f.Message) {
			return c
		}
	}
	return smn.Internal
}

// statuses says what a status means when nothing else is known.
var statuses = map[int]smn.Code{
	http.StatusBadRequest:            smn.Unreadable,
	http.StatusUnauthorized:          smn.Unauthenticated,
	http.StatusForbidden:             smn.Forbidden,
	http.StatusNotFound:              smn.NoRoute,
	http.StatusRequestEntityTooLarge: smn.TooLarge,
	http.StatusTooManyRequests:       smn.Throttled,
	http.StatusServiceUnavailable:    smn.Overloaded,
}
