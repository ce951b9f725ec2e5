package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"tocsin/shared/deliver/function"
	"tocsin/shared/smn"
	"tocsin/shared/validation"
)

// readFunctions reads the addresses of functions: from a JSON object or, if the
// text is none, from the file of that name. No error repeats an address, which may
// hold a password or a key.
func readFunctions(setting string) (function.Addresses, error) {
	text := []byte(strings.TrimSpace(setting))
	if len(text) == 0 {
		return nil, nil
	}
	if text[0] != '{' {
		var err error
		var path *fs.PathError
		if text, err = os.ReadFile(setting); errors.As(err, &path) {
			return nil, fmt.Errorf("TOCSIN_FUNCTIONS: the file cannot be read: %w", path.Err)
		} else if err != nil {
			return nil, errors.New("TOCSIN_FUNCTIONS: the file cannot be read")
		}
	}
	var addresses function.Addresses
	if json.Unmarshal(text, &addresses) != nil {
		return nil, errors.New("TOCSIN_FUNCTIONS must be a JSON object of texts, or a file that holds one")
	}
	for urn, address := range addresses {
		if !validation.Fits(smn.FunctionGraph, urn) {
			return nil, errors.New("TOCSIN_FUNCTIONS: a name in it is not the URN of a function, such as urn:cff:{region}:{project_id}:function:{group}:{name}:{version}")
		}
		if !validation.Fits(smn.HTTP, address) && !validation.Fits(smn.HTTPS, address) {
			return nil, fmt.Errorf("TOCSIN_FUNCTIONS: the address of %s is not an http or https URL", urn)
		}
	}
	return addresses, nil
}
