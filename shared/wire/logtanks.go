package wire

import "tocsin/shared/smn"

// LogtankRequest is the body of CreateLogtank and UpdateLogtank.
type LogtankRequest struct {
	LogGroupID  string `json:"log_group_id" code:"InvalidParameter"`
	LogStreamID string `json:"log_stream_id" code:"InvalidParameter"`
}

// Logtank is a logtank in a list.
type Logtank struct {
	ID          string `json:"id"`
	LogGroupID  string `json:"log_group_id"`
	LogStreamID string `json:"log_stream_id"`
	CreateTime  string `json:"create_time"`
	UpdateTime  string `json:"update_time"`
}

// ListLogtanksResponse answers ListLogtanks.
type ListLogtanksResponse struct {
	RequestID string    `json:"request_id"`
	Count     int       `json:"count"`
	Logtanks  []Logtank `json:"logtanks"` // never null
}

// UpdateLogtankResponse answers UpdateLogtank.
type UpdateLogtankResponse struct {
	RequestID string  `json:"request_id"`
	Logtank   Logtank `json:"logtank"`
}

// NewLogtank spells a logtank.
func NewLogtank(l smn.Logtank) Logtank {
	return Logtank{
		ID:          l.ID,
		LogGroupID:  l.Stream.GroupID,
		LogStreamID: l.Stream.StreamID,
		CreateTime:  Time(l.CreatedAt),
		UpdateTime:  Time(l.UpdatedAt),
	}
}

// NewLogtanks spells a list of them.
func NewLogtanks(logtanks []smn.Logtank) []Logtank { return List(logtanks, NewLogtank) }

// Logtank reads what NewLogtank spelt.
func (l Logtank) Logtank() (smn.Logtank, error) {
	created, err := ParseTime(l.CreateTime)
	if err != nil {
		return smn.Logtank{}, err
	}
	updated, err := ParseTime(l.UpdateTime)
	if err != nil {
		return smn.Logtank{}, err
	}
	stream := smn.LogStream{GroupID: l.LogGroupID, StreamID: l.LogStreamID}
	return smn.Logtank{ID: l.ID, Stream: stream, CreatedAt: created, UpdatedAt: updated}, nil
}

// ReadLogtanks reads what NewLogtanks spelt.
func ReadLogtanks(logtanks []Logtank) ([]smn.Logtank, error) {
	return ReadList(logtanks, Logtank.Logtank)
}
