// Command coldstart measures what functions cost before their first event: the time
// from exec until they ask for it, memory by then, and the size of their bootstraps,
// beside a function that does nothing. Functions take turns, round by round.
//
// Loading the machine's root certificates takes longer than all else and has nothing
// to do with the function, so it is left out, and shown for itself where a function
// does it at its start.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tocsin/internal/runtimeapi"
	"tocsin/internal/stack"
	"tocsin/internal/trial"
)

// atMost is how many times as long as the function that does nothing one may take.
const atMost = 2.5

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "coldstart:", err)
		os.Exit(1)
	}
}

// start is one start of a function.
type start struct {
	took   time.Duration
	memory int64 // bytes
}

func run() error {
	rounds := flag.Int("rounds", 15, "how often each function starts, 1 to 100")
	folder := flag.String("functions", ".cache/functions", "folder with a folder for each function, with its bootstrap")
	flag.Parse()
	if *rounds < 1 || *rounds > 100 {
		return errors.New("-rounds is 1 to 100")
	}
	ctx := context.Background()
	cloud, err := stack.NewCloud(ctx)
	if err != nil {
		return err
	}
	names, err := functionsIn(*folder)
	if err != nil {
		return err
	}
	noRoots, err := os.CreateTemp("", "no-roots-*.pem")
	if err != nil {
		return err
	}
	defer os.Remove(noRoots.Name())

	plain, rooted := map[string][]start{}, map[string][]start{}
	for range *rounds {
		for _, name := range names {
			bootstrap := filepath.Join(*folder, name, "bootstrap")
			env := maps.Clone(cloud.Env)
			env["TOCSIN_PUBLIC_URL"] = "http://127.0.0.1"
			withRoots, err := startOnce(ctx, bootstrap, env)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			env["SSL_CERT_FILE"], env["SSL_CERT_DIR"] = noRoots.Name(), "/nonexistent"
			without, err := startOnce(ctx, bootstrap, env)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			plain[name], rooted[name] = append(plain[name], without), append(rooted[name], withRoots)
		}
	}
	return show(*folder, names, plain, rooted)
}

const hello = "hello"

// functionsIn names the functions that are built, the one that does nothing first.
func functionsIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	names := []string{hello}
	for _, e := range entries {
		if e.IsDir() && e.Name() != hello {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func startOnce(ctx context.Context, bootstrap string, env map[string]string) (start, error) {
	var pairs []string
	for name, value := range env {
		pairs = append(pairs, name+"="+value)
	}
	var log strings.Builder
	began := time.Now()
	p, err := runtimeapi.Start(ctx, runtimeapi.Function{Bootstrap: bootstrap, Env: pairs, Log: io.Writer(&log)})
	if err != nil {
		return start{}, err
	}
	defer p.Close()
	select {
	case <-p.Ready():
	case <-p.Ended():
		return start{}, fmt.Errorf("it ended: %s", log.String())
	}
	took := time.Since(began)
	memory, err := trial.MemoryOf(p.PID())
	return start{took, memory.Peak}, err
}

func show(folder string, names []string, plain, rooted map[string][]start) error {
	base := median(plain[hello])
	fmt.Printf("%-20s %9s %9s %9s %12s %10s\n", "function", "size MB", "init ms", "of hello", "with roots", "memory MB")
	for _, name := range names {
		info, err := os.Stat(filepath.Join(folder, name, "bootstrap"))
		if err != nil {
			return err
		}
		m := median(plain[name])
		ratio := float64(m.took) / float64(base.took)
		verdict := ""
		if name != hello {
			verdict = map[bool]string{true: "met", false: "not met"}[ratio <= atMost]
		}
		fmt.Printf("%-20s %9.2f %9.2f %9.2f %9.2f ms %10.1f  %s\n", name, float64(info.Size())/1e6, ms(m.took), ratio,
			ms(median(rooted[name]).took), float64(m.memory)/1e6, verdict)
	}
	fmt.Printf("\nMedians; at most %.1f times the function that does nothing. Only the ratios of one run count.\n", atMost)
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(starts []start) start {
	sorted := slices.SortedFunc(slices.Values(starts), func(a, b start) int { return int(a.took - b.took) })
	return sorted[len(sorted)/2]
}
