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

	// Of a watch, whose answer is a line for each event.
	DropEvents string `json:"dropEvents,omitempty"` // regular expression; an event that matches never arrives
	Duplicate  bool   `json:"duplicate,omitempty"`  // each event arrives twice
	Expire     int    `json:"expire,omitempty"`     // after that many events, says that the version is too old (410)
	Stall      bool   `json:"stall,omitempty"`      // answers with a head and then nothing, and stays open

	// Of a read. What is recorded is kept by path; a stale API server answers as it did then.
	Record bool `json:"record,omitempty"`
	Replay bool `json:"replay,omitempty"`

	uri     *regexp.Regexp
	events  *regexp.Regexp
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
	kept    map[string]answer // recorded, by path
	open    int               // requests under way, watches left out
	peak    int               // the most of them at a time, since the last DELETE
}

func newFaults(seed uint64) *faults {
	return &faults{kept: map[string]answer{}, history: []*seen{}, random: rand.New(rand.NewPCG(seed, seed))}
}

func (f *faults) replace(rules []*rule) error {
	for _, r := range rules {
		var err error
		if r.uri, err = regexp.Compile(r.URI); err != nil {
			return err
		}
		if r.DropEvents == "" {
			continue
		}
		if r.events, err = regexp.Compile(r.DropEvents); err != nil {
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

// enter counts a request that is under way until the function that it returns is called.
func (f *faults) enter() func() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.open++
	f.peak = max(f.peak, f.open)
	return func() {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		f.open--
	}
}

func (r *rule) matches(request *http.Request) bool {
	return (len(r.Methods) == 0 || slices.Contains(r.Methods, request.Method)) && r.uri.MatchString(request.URL.RequestURI())
}

func (f *faults) answered(entry *seen, status int) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	entry.Status = status
}
