package wire

// CreatedResponse answers calls that make something with an id.
type CreatedResponse struct {
	RequestID string `json:"request_id"`
	ID        string `json:"id"`
}
