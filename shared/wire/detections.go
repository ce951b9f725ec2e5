package wire

import "tocsin/shared/smn"

// DetectRequest is the body of Detect.
type DetectRequest struct {
	Protocol  string     `json:"protocol" code:"InvalidProtocol"`
	Endpoint  string     `json:"endpoint" code:"InvalidEndpoint"`
	Extension *Extension `json:"extension,omitempty" code:"InvalidSubscription"`
}

// DetectResponse answers it.
type DetectResponse struct {
	RequestID string `json:"request_id"`
	TaskID    string `json:"task_id"`
}

// GetDetectionResponse answers GetDetection.
type GetDetectionResponse struct {
	RequestID string           `json:"request_id"`
	Status    int              `json:"status"`           // 0 reachable, 1 not run yet, 2 failed
	Detail    *DetectionDetail `json:"detail,omitempty"` // once it has run
}

// DetectionDetail is what came of it, spelt as SMN does.
type DetectionDetail struct {
	HTTPCode     int    `json:"httpCode"`
	HTTPResponse string `json:"httpResponse"`
}

// NewDetection spells a detection.
func NewDetection(requestID string, d smn.Detection) GetDetectionResponse {
	response := GetDetectionResponse{RequestID: requestID, Status: int(d.Status)}
	if d.Status != smn.NotDetected {
		response.Detail = &DetectionDetail{HTTPCode: d.Code, HTTPResponse: d.Text}
	}
	return response
}

// Detection reads what NewDetection spelt.
func (r GetDetectionResponse) Detection() smn.Detection {
	d := smn.Detection{Status: smn.DetectionStatus(r.Status)}
	if r.Detail != nil {
		d.Code, d.Text = r.Detail.HTTPCode, r.Detail.HTTPResponse
	}
	return d
}
