package main

import (
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"
)

// A rule says which requests meet which fault. The first rule that matches a
// request decides; a request that matches none passes.
type rule struct {
	Methods     []string `json:"methods,omitempty"`     // empty: all
	URI         string   `json:"uri,omitempty"`         // regular expression on path and query; empty: all
	Skip        int      `json:"skip,omitempty"`        // lets that many matching requests pass first
	Times       int      `json:"times,omitempty"`       // acts that often, then lets pass; 0: always
	Probability float64  `json:"probability,omitempty"` // 0: always

	DelayMillis int    `json:"delayMillis,omitempty"` // waits, then goes on with what follows
	Status      int    `json:"status,omitempty"`      // answers with a Status object and does not forward
	Reason      string `json:"reason,omitempty"`      // of that Status
	Message     string `json:"message,omitempty"`     // of that Status
	RetryAfter  int    `json:"retryAfter,omitempty"`  // header of that answer, in seconds
	Close       string `json:"close,omitempty"`       // "before": drops the connection; "after": forwards, then drops it
	Truncate    int    `json:"truncate,omitempty"`    // ends the answer's body after that many bytes, as if it were whole

	uri     *regexp.Regexp
	matched int
	acted   int
}

// A request as it was seen, in the order of arrival.
type seen struct {
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	URI    string    `json:"uri"`
	Body   string    `json:"body,omitempty"`   // of a write
	Status int       `json:"status,omitempty"` // 0: dropped, or still under way
	Fault  bool      `json:"fault,omitempty"`
}

// faults holds the rules and the history.
type faults struct {
	mutex   sync.Mutex
	rules   []*rule
	history []*seen
	random  *rand.Rand
}

func newFaults(seed uint64) *faults {
	return &faults{history: []*seen{}, random: rand.New(rand.NewPCG(seed, seed))}
}

func (f *faults) replace(rules []*rule) error {
	for _, r := range rules {
		var err error
		if r.uri, err = regexp.Compile(r.URI); err != nil {
			return err
		}
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.rules = rules
	return nil
}

// meet records a request and returns the rule that it has to suffer, if any.
func (f *faults) meet(r *http.Request, body []byte) (*rule, *seen) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	entry := &seen{Time: time.Now(), Method: r.Method, URI: r.URL.RequestURI(), Body: string(body)}
	f.history = append(f.history, entry)
	for _, rule := range f.rules {
		if !rule.matches(r) {
			continue
		}
		rule.matched++
		spent := rule.Times > 0 && rule.acted >= rule.Times
		lucky := rule.Probability > 0 && f.random.Float64() >= rule.Probability
		if rule.matched <= rule.Skip || spent || lucky {
			continue
		}
		rule.acted++
		entry.Fault = true
		return rule, entry
	}
	return nil, entry
}

func (r *rule) matches(request *http.Request) bool {
	return (len(r.Methods) == 0 || slices.Contains(r.Methods, request.Method)) && r.uri.MatchString(request.URL.RequestURI())
}

func (f *faults) answered(entry *seen, status int) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	entry.Status = status
}
