package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
)

// repoStats is what GET /-/stats reports of one repository.
type repoStats struct {
	// Requests by service: handshake, list-refs, fetch, push, file.
	Requests map[string]int `json:"requests"`
	// Requests that carried an Authorization header.
	Authorized int `json:"authorized"`
	// The last Authorization header seen, so that a test can tell which credentials arrived.
	LastAuthorization string `json:"lastAuthorization,omitempty"`
}

type stats struct {
	lock   sync.Mutex
	byRepo map[string]*repoStats
}

func (s *stats) count(repo, service string, r *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	entry := s.byRepo[repo]
	if entry == nil {
		entry = &repoStats{Requests: map[string]int{}}
		s.byRepo[repo] = entry
	}
	entry.Requests[service]++
	if header := r.Header.Get("Authorization"); header != "" {
		entry.Authorized++
		entry.LastAuthorization = header
	}
}

func (s *stats) report(w http.ResponseWriter, _ *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.byRepo)
}

func (s *stats) clear(w http.ResponseWriter, _ *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	clear(s.byRepo)
	w.WriteHeader(http.StatusNoContent)
}

// uploadPackCommand looks at the first bytes of a request: protocol version 2 says there whether
// refs are listed or a pack is fetched. The body is left as it was.
func uploadPackCommand(r *http.Request) string {
	reader := bufio.NewReader(r.Body)
	start, _ := reader.Peek(32)
	r.Body = struct {
		io.Reader
		io.Closer
	}{reader, r.Body}
	if bytes.Contains(start, []byte("command=ls-refs")) {
		return "list-refs"
	}
	return "fetch"
}

func tlsConfig(clientCA string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if clientCA == "" {
		return config, nil
	}
	pem, err := os.ReadFile(clientCA)
	if err != nil {
		return nil, err
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it", clientCA)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	return config, nil
}
