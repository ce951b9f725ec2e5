package post_test

import (
	"io"
	"log"
	"os"
	"testing"
)

// Go's transport tells the standard logger what peers say unasked, and here they
// do nothing else.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}
