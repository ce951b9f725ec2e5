package post

import "context"

// choice carries over our own writer what goes by HTTP/1.1, and leaves to the
// transport whoever speaks HTTP/2. Which of them an https host is, its first
// answer tells; attempts until then go by the transport.
type choice struct {
	transport carrier
	writer    carrier
	http1     cache[struct{}] // addresses of https hosts that have answered over HTTP/1.1
}

func (c *choice) close() {
	c.transport.close()
	c.writer.close()
}

func (c *choice) carry(ctx context.Context, a attempt) (answer, error) {
	if a.Method != "" || a.ContentType != "" {
		return c.transport.carry(ctx, a) // too rare for words of the writer's own
	}
	if !a.secure {
		return c.writer.carry(ctx, a)
	}
	if _, known := c.http1.get(a.address); !known {
		got, err := c.transport.carry(ctx, a)
		if err == nil && !got.http2 {
			c.http1.put(a.address, struct{}{})
		}
		return got, err
	}
	got, err := c.writer.carry(ctx, a)
	if err != nil {
		// The host may have changed its mind; the next attempt asks again.
		c.http1.drop(a.address)
	}
	return got, err
}
