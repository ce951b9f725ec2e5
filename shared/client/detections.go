package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Detect implements smn.Detections.
func (c *Client) Detect(ctx context.Context, in smn.DetectInput) (string, error) {
	path, err := topicPath(in.TopicURN, "/detection")
	if err != nil {
		return "", err
	}
	body := wire.DetectRequest{Protocol: string(in.Protocol), Endpoint: in.Endpoint}
	if in.Header != nil {
		body.Extension = &wire.Extension{Header: in.Header}
	}
	var out wire.DetectResponse
	_, err = c.call(ctx, request{method: http.MethodPost, path: path, body: body}, &out)
	return out.TaskID, err
}

// GetDetection implements smn.Detections.
func (c *Client) GetDetection(ctx context.Context, in smn.AttachmentInput) (smn.Detection, error) {
	path, err := attachmentPath(in, "detection")
	if err != nil {
		return smn.Detection{}, err
	}
	var out wire.GetDetectionResponse
	_, err = c.call(ctx, request{method: http.MethodGet, path: path}, &out)
	return out.Detection(), err
}
