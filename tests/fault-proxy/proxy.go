package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"
)

// No request of an operator is larger: the API server refuses bodies above 3 MiB.
const maxBody = 8 << 20

type proxy struct {
	faults  *faults
	forward *httputil.ReverseProxy
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if r.URL.Query().Get("watch") == "" {
		defer p.faults.enter()()
	}
	rule, entry := p.faults.meet(r, body)
	recorder := &statusRecorder{ResponseWriter: w, record: func(status int) { p.faults.answered(entry, status) }}
	if rule == nil {
		p.forward.ServeHTTP(recorder, r)
		return
	}
	select {
	case <-time.After(time.Duration(rule.DelayMillis) * time.Millisecond):
	case <-r.Context().Done():
		return
	}
	switch {
	case rule.Close == "before":
		panic(http.ErrAbortHandler) // net/http's way to drop the connection, or the stream
	case rule.Close == "after":
		p.forward.ServeHTTP(discard{header: http.Header{}}, r)
		panic(http.ErrAbortHandler)
	case rule.Status != 0:
		writeStatus(recorder, rule)
	case rule.Truncate > 0:
		r.Header.Del("Accept-Encoding")
		p.forward.ServeHTTP(&truncating{statusRecorder: recorder, left: rule.Truncate}, r)
	case rule.Stall:
		stall(recorder, r)
	case rule.Record || rule.Replay:
		p.remember(recorder, r, rule.Replay)
	case r.URL.Query().Get("watch") != "":
		p.forward.ServeHTTP(&events{statusRecorder: recorder, rule: rule}, r)
	default:
		p.forward.ServeHTTP(recorder, r)
	}
}

// writeStatus answers as the API server does when it refuses.
func writeStatus(w http.ResponseWriter, r *rule) {
	if r.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(r.RetryAfter))
	}
	message := r.Message
	if message == "" {
		message = "a fault of the test"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.Status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{},
		"status": "Failure", "message": message, "reason": r.Reason, "code": r.Status,
	})
}

type statusRecorder struct {
	http.ResponseWriter
	record func(int)
}

func (s *statusRecorder) WriteHeader(status int) {
	s.record(status)
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the reverse proxy flush.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// truncating lets only the first bytes of a body through and ends it cleanly.
type truncating struct {
	*statusRecorder
	left int
}

func (t *truncating) WriteHeader(status int) {
	t.Header().Del("Content-Length")
	t.statusRecorder.WriteHeader(status)
}

func (t *truncating) Write(p []byte) (int, error) {
	part := p[:min(len(p), t.left)]
	t.left -= len(part)
	if _, err := t.statusRecorder.Write(part); err != nil {
		return 0, err
	}
	return len(p), nil
}

// discard swallows an answer that the client must not see.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
