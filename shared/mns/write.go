package mns

import (
	"encoding/xml"
	"fmt"
)

// Version is the one that this package speaks.
const Version = "2015-06-06"

// ContentType is that of all XML that is written here.
const ContentType = "text/xml;charset=utf-8"

const declaration = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

// Write writes an answer.
func Write(response any) ([]byte, error) {
	body, err := xml.Marshal(response)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", response, err)
	}
	return append([]byte(declaration), body...), nil
}

// boolean is True or False.
type boolean bool

// MarshalText implements encoding.TextMarshaler.
func (b boolean) MarshalText() ([]byte, error) {
	if b {
		return []byte("True"), nil
	}
	return []byte("False"), nil
}

// ErrorResponse is the answer when something went wrong. Programs want all four
// elements, empty or not.
type ErrorResponse struct {
	XMLName   xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ Error"`
	Code      Code
	Message   string
	RequestID string `xml:"RequestId"`
	HostID    string `xml:"HostId"`
}
