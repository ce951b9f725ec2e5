package wire

import (
	"encoding/json"

	"tocsin/shared/smn"
)

// MessageAttribute is an attribute in a request to publish. Its value is a text
// for type STRING and an array of texts for the others.
type MessageAttribute smn.MessageAttribute

type messageAttribute struct {
	Name  string          `json:"name"`
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

// MarshalJSON writes the form of the type.
func (a MessageAttribute) MarshalJSON() ([]byte, error) {
	var form any = a.Values
	if a.Type == smn.StringAttribute && len(a.Values) == 1 {
		form = a.Values[0]
	}
	value, err := json.Marshal(form)
	if err != nil {
		return nil, err
	}
	return json.Marshal(messageAttribute{Name: a.Name, Type: string(a.Type), Value: value})
}

// UnmarshalJSON reads what MarshalJSON writes. What an attribute may be called and
// hold is not judged here.
func (a *MessageAttribute) UnmarshalJSON(b []byte) error {
	var in messageAttribute
	if json.Unmarshal(b, &in) != nil || string(b) == "null" {
		return smn.Errorf(smn.InvalidMessageAttributes, "message_attributes must hold objects with the texts name and type, and a value")
	}
	*a = MessageAttribute{Name: in.Name, Type: smn.AttributeType(in.Type)}
	if a.Type == smn.StringAttribute {
		var value *string
		if len(in.Value) == 0 || json.Unmarshal(in.Value, &value) != nil || value == nil {
			return smn.Errorf(smn.InvalidMessageAttributes, "an attribute of type STRING has a text as its value")
		}
		a.Values = []string{*value}
		return nil
	}
	var values []*string
	if len(in.Value) == 0 || json.Unmarshal(in.Value, &values) != nil {
		return smn.Errorf(smn.InvalidMessageAttributes, "an attribute of another type than STRING has an array of texts as its value")
	}
	for _, v := range values {
		if v == nil {
			return smn.Errorf(smn.InvalidMessageAttributes, "the values of an attribute are texts")
		}
		a.Values = append(a.Values, *v)
	}
	return nil
}
