package smn

import "context"

// Detections try whether an endpoint can be reached from here.
type Detections interface {
	// Detect has a test message sent to an http or https endpoint, once, and returns
	// the id under which GetDetection tells what came of it. TopicNotFound,
	// InternalEndpoint. Of a topic's detections the last MaxDetections are kept; an
	// older one that has not run yet never will.
	Detect(ctx context.Context, in DetectInput) (taskID string, err error)

	// GetDetection tells how a detection stands. TopicNotFound, ResourceNotFound.
	GetDetection(ctx context.Context, in AttachmentInput) (Detection, error)
}

// MaxDetections is how many detections of a topic are kept. A new one takes the
// place of the oldest.
const MaxDetections = 50

// MaxDetectionAnswer is how much of an endpoint's answer a detection keeps, in bytes.
const MaxDetectionAnswer = 1_024

// DetectInput is what Detect needs. Its rules are those of a subscription.
type DetectInput struct {
	TopicURN string
	Protocol Protocol // HTTP or HTTPS
	Endpoint string
	Header   map[string]string // as in Extension; nil for none
}

// DetectionStatus is how a detection stands. The numbers are SMN's.
type DetectionStatus int

// The statuses of a detection.
const (
	Reachable   DetectionStatus = 0 // the endpoint has answered with 2xx
	NotDetected DetectionStatus = 1 // it has not run yet
	Unreachable DetectionStatus = 2
)

// What stands in place of an HTTP status when there was none. The numbers are
// SMN's.
const (
	DetectedForbidden = 0  // the endpoint may not be called
	DetectedSilence   = -1 // it did not answer
	DetectedFull      = -2 // there was no place to send from
)

// Detection is what came out of a detection. The names in its tags are those
// under which it is kept.
type Detection struct {
	Status DetectionStatus `json:"status"`
	Code   int             `json:"code"` // HTTP status, or one of the above; 0 before it has run
	// Text is a text of ours, or the beginning of what the endpoint answered when
	// that was not 2xx.
	Text string `json:"text"`
}
