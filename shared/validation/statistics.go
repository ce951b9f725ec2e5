package validation

import (
	"github.com/go-playground/validator/v10"

	"tocsin/shared/smn"
)

// isStatisticsEnd: not too far from the start.
func isStatisticsEnd(fl validator.FieldLevel) bool {
	in, ok := fl.Parent().Interface().(smn.TopicStatisticsInput)
	return ok && in.To.Sub(in.From) <= smn.MaxStatistics
}
