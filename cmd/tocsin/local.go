package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"time"
)

// outboxLimit is how many mails the outbox page shows.
const outboxLimit = 1000

// mailJSON is a kept mail as the outbox page shows it.
type mailJSON struct {
	Protocol       string    `json:"protocol"`
	To             string    `json:"to"`
	FromName       string    `json:"from_name,omitempty"`
	Subject        string    `json:"subject,omitempty"`
	Text           string    `json:"text"`
	SubscribeURL   string    `json:"subscribe_url,omitempty"`
	UnsubscribeURL string    `json:"unsubscribe_url,omitempty"`
	TopicURN       string    `json:"topic_urn"`
	MessageID      string    `json:"message_id"`
	CreatedAt      time.Time `json:"created_at"`
}

// showOutbox lists the mails and SMS that were kept because there is no way to
// send them, newest first. They hold confirmation links, so only the machine
// itself may look: see localOnly.
func (h *house) showOutbox(w http.ResponseWriter, r *http.Request) {
	mails, err := h.db.ListMail(r.Context(), outboxLimit)
	if err != nil {
		h.log.LogAttrs(r.Context(), slog.LevelError, "outbox", slog.String("error", err.Error()))
		http.Error(w, "the outbox cannot be read; see the log", http.StatusInternalServerError)
		return
	}
	shown := make([]mailJSON, len(mails))
	for i, m := range mails {
		shown[i] = mailJSON{
			Protocol: string(m.Protocol), To: m.To, FromName: m.FromName, Subject: m.Subject, Text: m.Text,
			SubscribeURL: m.SubscribeURL, UnsubscribeURL: m.UnsubscribeURL,
			TopicURN: m.TopicURN, MessageID: m.MessageID, CreatedAt: m.CreatedAt,
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"mails": shown})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(body) // the client has gone
}
