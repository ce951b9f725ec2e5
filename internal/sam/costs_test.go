package sam

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// List prices of us-east-1 in US dollars, without free quotas: for a million, but
// for the last ones.
const (
	priceAPI       = 1.00 // requests to an HTTP API
	priceWrite     = 0.625
	priceRead      = 0.125
	priceSQS       = 0.40
	priceInvoke    = 0.20
	priceTrace     = 5.00
	priceSNS       = 0.50       // publishes
	priceSNSHTTP   = 0.60       // deliveries by HTTP
	priceGBSecond  = 0.00001333 // arm64
	priceLogged    = 0.50       // a GB
	tracedRequests = 0.05       // what X-Ray samples
)

// Units of a message of 1 KB, which the tests of the store hold, and what is assumed
// about the rest.
const (
	publishReads, publishWrites = 1, 2
	chunkWrites, chunkReads     = 4, 2 // reads: the message, and the versions of cached blocks
	subscriptionsInAUnit        = 7    // read when they are not cached
	subscriptionsInAChunk       = 256
	sqsRequestsOfATask          = 3 // put, take, remove

	publishSeconds, publishGB = 0.02, 0.25
	publishLogged             = 1_400 // bytes: the line, that of the API, metrics, what Lambda says itself
	deliverGB                 = 0.5
	chunkLogged               = 1_000 // and the metrics of deliveries:
	attemptLogged             = 400 + 16
)

// chunkSeconds is how long a chunk takes whose endpoints answer within 100 ms.
func chunkSeconds(subscriptions float64) float64 {
	return 0.15 + 0.35*min(subscriptions, subscriptionsInAChunk)/subscriptionsInAChunk
}

// What a million publishes cost is computed here, and told in docs/operations.md.
func TestCostsInOperations(t *testing.T) {
	document, err := os.ReadFile(filepath.Join(Root(), "docs/operations.md"))
	require.NoError(t, err)
	var rows []string
	for _, n := range []float64{1, 100, 10_000} {
		chunks := math.Ceil(n / subscriptionsInAChunk)
		gateway := priceAPI + priceInvoke + publishSeconds*publishGB*priceGBSecond*1e6
		writes := (publishWrites + chunks*chunkWrites) * priceWrite
		cached := (publishReads + chunks*chunkReads) * priceRead
		uncached := cached + math.Ceil(n/subscriptionsInAUnit)*priceRead
		queue := chunks * sqsRequestsOfATask * priceSQS
		deliver := chunks * (priceInvoke + chunkSeconds(n)*deliverGB*priceGBSecond*1e6)
		logs := (publishLogged + chunks*chunkLogged + n*attemptLogged) / 1e9 * 1e6 * priceLogged
		traces := (1 + chunks) * tracedRequests * priceTrace
		rest := gateway + writes + queue + deliver + logs + traces
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s to %s | %s | %s | %s | %s | **%s to %s** | %s |",
			group(n), dollars(gateway), dollars(writes), dollars(cached), dollars(uncached), dollars(queue), dollars(deliver), dollars(logs), dollars(traces),
			dollars(rest+cached), dollars(rest+uncached), dollars(priceSNS+n*priceSNSHTTP)))
	}
	for _, row := range rows {
		require.Contains(t, strings.Split(string(document), "\n"), row)
	}
	s := NewStack(t, Read(t), stacks["aws"])
	require.InDelta(t, deliverGB*1024, s.Resources["DeliverFunction"]["Properties"].(map[string]any)["MemorySize"], 0)
}

// dollars rounds to three digits.
func dollars(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("$%.2f", v)
	case v < 1000:
		return fmt.Sprintf("$%.0f", v)
	}
	return "$" + group(math.Round(v/10)*10)
}

// group writes thousands apart.
func group(v float64) string {
	text := fmt.Sprintf("%.0f", v)
	if len(text) > 3 {
		text = text[:len(text)-3] + "," + text[len(text)-3:]
	}
	return text
}
