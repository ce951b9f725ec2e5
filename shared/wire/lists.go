package wire

import "fmt"

// ReadList reads the items of a list, each by read. An error names the first item
// that cannot be read.
func ReadList[A, B any](items []A, read func(A) (B, error)) ([]B, error) {
	list := make([]B, len(items))
	for i, item := range items {
		var err error
		if list[i], err = read(item); err != nil {
			return nil, fmt.Errorf("read item %d of a list: %w", i, err)
		}
	}
	return list, nil
}

// List is ReadList for what can always be converted, and so for spelling. It is
// never nil: no list becomes null.
func List[A, B any](items []A, convert func(A) B) []B {
	list := make([]B, len(items))
	for i, item := range items {
		list[i] = convert(item)
	}
	return list
}
