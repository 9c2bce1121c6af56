// Command fault-proxy stands between an operator and the API server of the
// control plane for tests, and answers, delays, cuts or drops requests as its
// rules say. Credentials pass through: an operator that uses it must bring a
// bearer token, as client certificates end here.
//
// It prints one JSON line with its addresses, and stops when its standard input
// ends. rules.go tells what a rule can do, admin.go how a test sets them and
// reads what was requested.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
)

func main() {
	upstream := flag.String("upstream", "", "address of the API server, https://127.0.0.1:PORT (required)")
	pki := flag.String("pki", "", "the control plane's DATA-DIR/pki (required)")
	seed := flag.Uint64("seed", 1, "seed of the rules with a probability")
	flag.Parse()
	if err := run(*upstream, *pki, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "fault-proxy:", err)
		os.Exit(1)
	}
}

func run(upstream, pki string, seed uint64) error {
	target, err := url.Parse(upstream)
	if err != nil {
		return err
	}
	forward, err := newForwarder(target, pki)
	if err != nil {
		return err
	}
	cert, err := tls.LoadX509KeyPair(filepath.Join(pki, "server.crt"), filepath.Join(pki, "server.key"))
	if err != nil {
		return err
	}
	proxyListener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	adminListener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	faults := newFaults(seed)
	mux := http.NewServeMux()
	mux.Handle("/", &proxy{faults: faults, forward: forward})
	mux.HandleFunc("POST /webhook/", mutate)
	proxy := &http.Server{
		Handler:   mux,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}},
		ErrorLog:  log.New(io.Discard, "", 0), // it would tell of every connection that a rule cuts
	}
	failed := make(chan error, 2)
	go func() { failed <- proxy.ServeTLS(proxyListener, "", "") }()
	go func() { failed <- http.Serve(adminListener, adminHandler(faults)) }()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{
		"server": "https://" + proxyListener.Addr().String(),
		"admin":  "http://" + adminListener.Addr().String(),
	}); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		failed <- nil
	}()
	return <-failed
}

func newForwarder(target *url.URL, pki string) (*httputil.ReverseProxy, error) {
	ca, err := os.ReadFile(filepath.Join(pki, "ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		FlushInterval: -1, // watches
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: roots},
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 64,
			DisableCompression:  true, // bodies pass as they are
		},
		ErrorLog: log.New(io.Discard, "", 0),
	}, nil
}
