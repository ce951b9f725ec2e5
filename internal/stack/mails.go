package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"regexp"
	"strings"

	"tocsin/internal/demo"
)

// confirmation is a link to confirm a subscription in the text of a mail.
var confirmation = regexp.MustCompile(`https?://\S*/confirm\?[^\s"<>]*`)

// Mails gives the mails that SES was given so far, as the emulator shows them.
func (c *Cloud) Mails(ctx context.Context) ([]demo.Mail, error) {
	body, err := demo.Fetch(ctx, http.MethodGet, c.moto+"/moto-api/data.json")
	if err != nil {
		return nil, err
	}
	var data struct {
		SES struct {
			Message []struct {
				Destinations struct {
					ToAddresses []string `json:"ToAddresses"`
				} `json:"destinations"`
				Subject string `json:"subject"`
				Body    string `json:"body"`
			} `json:"Message"`
			RawMessage []struct {
				Text string `json:"raw_data"`
			} `json:"RawMessage"`
		} `json:"ses"`
	}
	if err := json.Unmarshal(body, &data); err != nil {
		return nil, fmt.Errorf("read the mails of the emulator: %w", err)
	}
	var mails []demo.Mail
	for _, m := range data.SES.Message {
		mails = append(mails, demo.Mail{
			To: strings.Join(m.Destinations.ToAddresses, ", "), Subject: m.Subject, Link: confirmation.FindString(m.Body),
		})
	}
	for _, m := range data.SES.RawMessage {
		read, err := readMail(m.Text)
		if err != nil {
			return nil, err
		}
		mails = append(mails, read)
	}
	return mails, nil
}

// readMail reads a mail of one part, or the first text of one that has several.
func readMail(text string) (demo.Mail, error) {
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return demo.Mail{}, fmt.Errorf("read a mail: %w", err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return demo.Mail{}, fmt.Errorf("read the subject of a mail: %w", err)
	}
	body, err := io.ReadAll(m.Body)
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" && err == nil {
		body, err = io.ReadAll(quotedprintable.NewReader(strings.NewReader(string(body))))
	}
	if err != nil {
		return demo.Mail{}, fmt.Errorf("read the text of a mail: %w", err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) == 0 {
		return demo.Mail{}, fmt.Errorf("read the address of a mail: %w", err)
	}
	return demo.Mail{To: to[0].Address, Subject: subject, Link: confirmation.FindString(string(body))}, nil
}
