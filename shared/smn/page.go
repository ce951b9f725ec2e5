package smn

// Page asks for a part of a list. The zero value is its first 100 items.
type Page struct {
	Offset int `validate:"min=0" code:"InvalidPage"`         // items to skip; past the end is an empty page
	Limit  int `validate:"min=0,max=100" code:"InvalidPage"` // items at most; 0 means DefaultLimit
}

// DefaultLimit is the size of a page whose caller named none, and the largest
// that SMN gives.
const DefaultLimit = 100
