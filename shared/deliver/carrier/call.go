package carrier

import "context"

// Call is what is POSTed to a service.
type Call struct {
	Path        string // with the slash that it begins with
	ContentType string
	Body        []byte
}

// answer is what came of a call. The status is 0 if nothing came.
type answer struct {
	status   int
	id, code string
	late     bool // nothing came in time
}

// maxAnswer is more than a service has to say.
const maxAnswer = 1 << 20

// ask makes a call, once. Why none was made, or nothing came, is told in a few words of
// ours: what errors say may hold anything.
func (c *Carrier) ask(ctx context.Context, call Call) answer {
	came, err := c.post.Post(ctx, call.Path, map[string]string{"Content-Type": call.ContentType}, call.Body)
	a := answer{status: came.Status, late: came.Late}
	if err != nil {
		return a
	}
	a.id, a.code = c.config.Read(came.Header, came.Body)
	if a.code != "" && !codeForm().MatchString(a.code) {
		a.code = ""
	}
	return a
}
