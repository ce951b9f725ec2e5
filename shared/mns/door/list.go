package door

import (
	"net/http"
	"strconv"
	"strings"

	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

// maxPage is how many things a page has at most, and unless it is said otherwise.
const maxPage = 1000

// list is what a list is asked for.
type list struct {
	prefix   string // of names
	marker   string // id of the last thing seen; empty at the beginning
	limit    int
	withMeta bool // attributes, too
}

// listOf reads the headers of a list. InvalidArgument.
func listOf(h http.Header) (list, error) {
	l := list{
		prefix:   h.Get("X-Mns-Prefix"),
		marker:   h.Get("X-Mns-Marker"),
		limit:    maxPage,
		withMeta: strings.EqualFold(h.Get("X-Mns-With-Meta"), "true"),
	}
	if number := h.Get("X-Mns-Ret-Number"); number != "" {
		n, err := strconv.ParseUint(number, 10, 32) // digits only
		if err != nil || n < 1 || n > maxPage {
			return list{}, mns.Errorf(mns.InvalidArgument, "x-mns-ret-number is a number from 1 to %d.", maxPage)
		}
		l.limit = int(n)
	}
	switch {
	case l.marker != "" && !smn.IsID(l.marker):
		return list{}, mns.Errorf(mns.InvalidArgument, "x-mns-marker is the NextMarker of the page before.")
	case l.prefix != "" && !smn.IsTopicName(l.prefix): // what a name begins with is one
		return list{}, mns.Errorf(mns.InvalidArgument, "x-mns-prefix is what a name can begin with.")
	}
	return l, nil
}
