package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
)

// readRoots adds the certificates of a PEM file to those that the system trusts.
// Without a file it is nil, which means the system's.
func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return nil, fmt.Errorf("TOCSIN_CA_FILE: the file cannot be read: %w", path.Err)
	} else if err != nil {
		return nil, errors.New("TOCSIN_CA_FILE: the file cannot be read")
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("TOCSIN_CA_FILE: the certificates of the system cannot be read: %w", err)
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, errors.New("TOCSIN_CA_FILE: there is no certificate in the file; it must be PEM")
	}
	return roots, nil
}

// readProxy reads the address of a proxy; nil for none. No error repeats it: it
// may hold a password.
func readProxy(setting string) (*url.URL, error) {
	if setting == "" {
		return nil, nil
	}
	u, err := url.Parse(setting)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("TOCSIN_PROXY must be an http or https URL without a path, such as http://proxy.example.com:3128")
	}
	return u, nil
}
