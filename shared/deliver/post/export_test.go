package post

// Written makes a poster whose attempts all go by our own writer, those to https
// hosts that nobody has called yet too.
func Written(c Config) *Poster {
	c.Writer = true
	p := New(c)
	if both, ok := p.carrier.(*choice); ok {
		p.carrier = both.writer
	}
	return p
}
