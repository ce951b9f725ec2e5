package main

import (
	"os"
	"path/filepath"
	"time"
)

// fsyncTime is how long the disk of a folder takes to make a page durable: the
// median of a few.
func fsyncTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	page := make([]byte, 4096)
	var took series
	for range 50 {
		// Always the same place, as in a log that is written again and again.
		if _, err := f.WriteAt(page, 0); err != nil {
			return 0, err
		}
		began := time.Now()
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began).Seconds())
	}
	return time.Duration(took.median() * float64(time.Second)), nil
}
