package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fault is what POST /-/fault sets for one repository, as JSON. One repository has one fault at a
// time; DELETE /-/fault?repo=x.git clears it, without repo it clears all.
type fault struct {
	// Repo is the path below the root: "x.git". "*" is every repository without its own fault.
	Repo string `json:"repo"`
	// Mode is one of:
	//   status             answers Status (with RetryAfter seconds if set)
	//   basic              wants User and Password
	//   bearer             wants Token
	//   hang               sends headers, then nothing until the client leaves
	//   hang-before        sends nothing at all
	//   drip               sends one byte a second
	//   truncate           ends the answer after Bytes bytes
	//   corrupt            flips one bit of the answer at offset Bytes
	//   endless-progress   sends progress messages instead of a pack, for ever
	//   empty              answers 200 with an empty body
	//   html               answers 200 with an HTML page
	//   redirect           redirects to Location + the same path, with Status (302)
	//   loop               redirects to itself
	//   many-refs          advertises Count refs (in the form that ls-refs has)
	//   raw                answers the bytes that Hex stands for
	//   old-protocol       hides from Git that the client speaks version 2
	Mode string `json:"mode"`
	// Services limits the fault to some of handshake, list-refs, fetch. Empty: all.
	Services []string `json:"services,omitempty"`

	Status     int    `json:"status,omitempty"`
	RetryAfter string `json:"retryAfter,omitempty"`
	User       string `json:"user,omitempty"`
	Password   string `json:"password,omitempty"`
	Token      string `json:"token,omitempty"`
	Bytes      int    `json:"bytes,omitempty"`
	Count      int    `json:"count,omitempty"`
	Location   string `json:"location,omitempty"`
	Hex        string `json:"hex,omitempty"`
}

type faults struct {
	lock   sync.Mutex
	byRepo map[string]fault
}

func (f *faults) set(w http.ResponseWriter, r *http.Request) {
	var wanted fault
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil || wanted.Repo == "" {
		http.Error(w, fmt.Sprintf("a fault needs repo and mode: %v", err), http.StatusBadRequest)
		return
	}
	if !known[wanted.Mode] {
		http.Error(w, "unknown mode "+wanted.Mode, http.StatusBadRequest)
		return
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	f.byRepo[wanted.Repo] = wanted
	w.WriteHeader(http.StatusNoContent)
}

func (f *faults) clear(w http.ResponseWriter, r *http.Request) {
	f.lock.Lock()
	defer f.lock.Unlock()
	if repo := r.URL.Query().Get("repo"); repo != "" {
		delete(f.byRepo, repo)
	} else {
		clear(f.byRepo)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f *faults) of(repo string) fault {
	f.lock.Lock()
	defer f.lock.Unlock()
	if found, ok := f.byRepo[repo]; ok {
		return found
	}
	return f.byRepo["*"]
}

var known = map[string]bool{
	"status": true, "basic": true, "bearer": true, "hang": true, "hang-before": true,
	"drip": true, "truncate": true, "corrupt": true, "endless-progress": true, "empty": true,
	"html": true, "redirect": true, "loop": true, "many-refs": true,
	"raw": true, "old-protocol": true,
}

func (f fault) applies(service string) bool {
	if f.Mode == "" {
		return false
	}
	if len(f.Services) == 0 {
		return true
	}
	for _, wanted := range f.Services {
		if wanted == service {
			return true
		}
	}
	return false
}

// answer does the whole answer for the faults that never reach Git; it says whether it did.
func (f fault) answer(w http.ResponseWriter, r *http.Request, service string) bool {
	switch f.Mode {
	case "status":
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		http.Error(w, http.StatusText(f.Status), f.Status)
	case "basic":
		user, password, _ := r.BasicAuth()
		if user == f.User && password == f.Password {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case "bearer":
		if r.Header.Get("Authorization") == "Bearer "+f.Token {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="git"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case "hang":
		contentType(w, service)
		w.WriteHeader(http.StatusOK)
		flush(w)
		<-r.Context().Done()
	case "hang-before":
		<-r.Context().Done()
	case "endless-progress":
		endlessProgress(w, r, service)
	case "empty":
		contentType(w, service)
		w.WriteHeader(http.StatusOK)
	case "html":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintln(w, "<html><body>please sign in</body></html>")
	case "redirect", "loop":
		f.redirect(w, r)
	case "raw":
		data, err := hex.DecodeString(f.Hex)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			break
		}
		contentType(w, service)
		_, _ = w.Write(data)
	case "old-protocol":
		r.Header.Del("Git-Protocol")
		return false
	case "many-refs":
		manyRefs(w, service, f.Count)
	default:
		return false
	}
	return true
}

func (f fault) redirect(w http.ResponseWriter, r *http.Request) {
	status := f.Status
	if status == 0 {
		status = http.StatusFound
	}
	location := strings.TrimSuffix(f.Location, "/") + r.URL.RequestURI()
	if f.Mode == "loop" {
		location = r.URL.RequestURI()
	}
	w.Header().Set("Location", location)
	w.WriteHeader(status)
}

func contentType(w http.ResponseWriter, service string) {
	kind := "application/x-git-upload-pack-result"
	if service == "handshake" {
		kind = "application/x-git-upload-pack-advertisement"
	}
	w.Header().Set("Content-Type", kind)
}

func flush(w http.ResponseWriter) {
	if flusher, ok := w.(http.Flusher); ok {
		flusher.Flush()
	}
}

// packetLine frames a payload as Git does: its length with the frame in four hexadecimal digits.
func packetLine(payload string) string { return fmt.Sprintf("%04x%s", len(payload)+4, payload) }

func endlessProgress(w http.ResponseWriter, r *http.Request, service string) {
	contentType(w, service)
	fmt.Fprint(w, packetLine("packfile\n"))
	for i := 0; r.Context().Err() == nil; i++ {
		fmt.Fprint(w, packetLine("\x02still counting: "+strconv.Itoa(i)+"\r"))
		flush(w)
		time.Sleep(10 * time.Millisecond)
	}
}

func manyRefs(w http.ResponseWriter, service string, count int) {
	contentType(w, service)
	for i := range count {
		line := fmt.Sprintf("%040x refs/heads/branch-%09d\n", i+1, i)
		if _, err := fmt.Fprint(w, packetLine(line)); err != nil {
			return
		}
	}
	fmt.Fprint(w, "0000")
}

// wrap changes the answer that Git itself gives.
func (f fault) wrap(w http.ResponseWriter, r *http.Request, service string) http.ResponseWriter {
	if !f.applies(service) {
		return w
	}
	switch f.Mode {
	case "drip", "truncate", "corrupt":
		return &mangler{ResponseWriter: w, fault: f, request: r}
	}
	return w
}

// mangler passes an answer on slowly, partly, or changed.
type mangler struct {
	http.ResponseWriter
	fault   fault
	request *http.Request
	seen    int
}

func (m *mangler) Write(data []byte) (int, error) {
	switch m.fault.Mode {
	case "drip":
		for i := range data {
			select {
			case <-m.request.Context().Done():
				return i, m.request.Context().Err()
			case <-time.After(time.Second):
			}
			if _, err := m.ResponseWriter.Write(data[i : i+1]); err != nil {
				return i, err
			}
			flush(m.ResponseWriter)
		}
		return len(data), nil
	case "truncate":
		if left := m.fault.Bytes - m.seen; len(data) > left {
			_, _ = m.ResponseWriter.Write(data[:max(left, 0)])
			flush(m.ResponseWriter)
			// Ends the connection in the middle of the answer.
			panic(http.ErrAbortHandler)
		}
	case "corrupt":
		if at := m.fault.Bytes - m.seen; at >= 0 && at < len(data) {
			data = append([]byte(nil), data...)
			data[at] ^= 1
		}
	}
	n, err := m.ResponseWriter.Write(data)
	m.seen += n
	return n, err
}
