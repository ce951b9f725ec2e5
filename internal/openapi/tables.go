package openapi

import "maps"

// table is all that is said of operations, by their names.
func table() map[string]described {
	all := map[string]described{}
	for _, t := range []map[string]described{
		topics(), subscriptions(), publishing(), links(), versions(), identity(),
	} {
		maps.Copy(all, t)
	}
	return all
}
