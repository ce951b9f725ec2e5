//go:build !unix || aix || solaris

package embedded

// lockFolder does nothing here: this system has no lock that ends with its
// process. Opening a folder twice is then the operator's mistake to avoid.
func lockFolder(string) (unlock func() error, err error) {
	return func() error { return nil }, nil
}

// syncFolder does nothing here: this system has no such call for folders.
func syncFolder(string) error { return nil }
