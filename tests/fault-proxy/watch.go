package main

import (
	"bytes"
	"net/http"
)

const tooOld = `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",` +
	`"message":"too old resource version","reason":"Expired","code":410}}` + "\n"

// events changes the events of a watch as a rule says.
type events struct {
	*statusRecorder
	rule *rule
	line bytes.Buffer
	seen int
}

func (e *events) Write(p []byte) (int, error) {
	for _, b := range p {
		e.line.WriteByte(b)
		if b != '\n' {
			continue
		}
		if err := e.pass(e.line.Bytes()); err != nil {
			return 0, err
		}
		e.line.Reset()
	}
	return len(p), nil
}

func (e *events) pass(line []byte) error {
	if e.rule.events != nil && e.rule.events.Match(line) {
		return nil
	}
	e.seen++
	if e.rule.Expire > 0 && e.seen > e.rule.Expire {
		_, _ = e.statusRecorder.Write([]byte(tooOld))
		_ = http.NewResponseController(e.statusRecorder).Flush()
		panic(http.ErrAbortHandler)
	}
	if e.rule.Duplicate {
		if _, err := e.statusRecorder.Write(line); err != nil {
			return err
		}
	}
	_, err := e.statusRecorder.Write(line)
	return err
}

// stall is a peer that is gone without a word: the connection stays open, and nothing comes.
func stall(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// An answer that was recorded.
type answer struct {
	header http.Header
	body   []byte
}

// remember passes a read on and keeps the answer, or gives the one that was kept; what was never
// kept passes.
func (p *proxy) remember(w *statusRecorder, r *http.Request, replay bool) {
	path := r.Header.Get("Accept") + " " + r.URL.Path
	p.faults.mutex.Lock()
	kept, known := p.faults.kept[path]
	p.faults.mutex.Unlock()
	if r.URL.Query().Get("watch") != "" || (replay && !known) {
		p.forward.ServeHTTP(w, r)
		return
	}
	if replay {
		w.Header()["Content-Type"] = kept.header["Content-Type"]
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(kept.body)
		return
	}
	r.Header.Del("Accept-Encoding")
	keeping := &keeper{statusRecorder: w}
	p.forward.ServeHTTP(keeping, r)
	if keeping.status == http.StatusOK {
		p.faults.mutex.Lock()
		defer p.faults.mutex.Unlock()
		p.faults.kept[path] = answer{header: w.Header().Clone(), body: keeping.body.Bytes()}
	}
}

type keeper struct {
	*statusRecorder
	status int
	body   bytes.Buffer
}

func (k *keeper) WriteHeader(status int) {
	k.status = status
	k.statusRecorder.WriteHeader(status)
}

func (k *keeper) Write(p []byte) (int, error) {
	k.body.Write(p)
	return k.statusRecorder.Write(p)
}
