package wire

// KMSKeyRequest is the body of CreateKMSKey and UpdateKMSKey.
type KMSKeyRequest struct {
	KeyID string `json:"key_id" code:"InvalidParameter"`
}

// GetKMSKeyResponse answers GetKMSKey.
type GetKMSKeyResponse struct {
	RequestID string `json:"request_id"`
	ID        string `json:"id"`
	KeyID     string `json:"key_id"`
	Status    string `json:"status"`
}
