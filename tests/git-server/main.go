// git-server serves the bare repositories below a directory over smart HTTP, for tests and the
// demo. The protocol is done by the real `git http-backend`; this program adds faults that can be
// switched on per repository (fault.go) and counts requests (stats.go).
//
//	git-server --root DIR --addr 127.0.0.1:0
//	git-server --generate-large DIR.git
//	git-server --generate-certs DIR
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	root := flag.String("root", "", "directory whose bare repositories are served")
	addr := flag.String("addr", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	cert := flag.String("tls-cert", "", "certificate file (PEM); with it the server speaks TLS")
	key := flag.String("tls-key", "", "key file (PEM) of --tls-cert")
	clientCA := flag.String("tls-client-ca", "", "certificates (PEM) that a client certificate must be signed by")
	large := flag.String("generate-large", "", "make a large bare repository there, and exit")
	certs := flag.String("generate-certs", "", "write ca.crt and certificates for server and client there, and exit")
	flag.Parse()
	log.SetFlags(0)
	log.SetPrefix("git-server: ")

	if *large != "" {
		if err := generateLarge(*large); err != nil {
			log.Fatal(err)
		}
		return
	}
	if *certs != "" {
		if err := generateCerts(*certs); err != nil {
			log.Fatal(err)
		}
		return
	}
	if *root == "" {
		log.Fatal("--root is missing")
	}
	handler, err := newServer(*root)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	scheme := "http"
	server := &http.Server{Handler: handler}
	if *cert != "" {
		scheme = "https"
		if server.TLSConfig, err = tlsConfig(*clientCA); err != nil {
			log.Fatal(err)
		}
	}
	// The one line on standard output; whoever started us waits for it.
	fmt.Printf("listening %s://%s\n", scheme, listener.Addr())
	if *cert != "" {
		log.Fatal(server.ServeTLS(listener, *cert, *key))
	}
	log.Fatal(server.Serve(listener))
}

// server is the whole HTTP surface: /-/ is administration, everything else is Git.
type server struct {
	git    http.Handler
	faults faults
	stats  stats
}

func newServer(root string) (http.Handler, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	root, err = filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	s := &server{
		git: &cgi.Handler{
			Path: git,
			Args: []string{"http-backend"},
			Env: []string{
				"GIT_PROJECT_ROOT=" + root,
				"GIT_HTTP_EXPORT_ALL=1",
				// Repositories that tests make belong to whoever runs them; no other configuration counts.
				"GIT_CONFIG_NOSYSTEM=1",
				"GIT_CONFIG_GLOBAL=/dev/null",
				"GIT_CONFIG_COUNT=3",
				"GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
				"GIT_CONFIG_KEY_1=uploadpack.allowFilter", "GIT_CONFIG_VALUE_1=true",
				"GIT_CONFIG_KEY_2=http.receivepack", "GIT_CONFIG_VALUE_2=true",
			},
			InheritEnv: []string{"PATH", "HOME"},
			Stderr:     os.Stderr,
		},
		faults: faults{byRepo: map[string]fault{}},
		stats:  stats{byRepo: map[string]*repoStats{}},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /-/fault", s.faults.set)
	mux.HandleFunc("DELETE /-/fault", s.faults.clear)
	mux.HandleFunc("GET /-/stats", s.stats.report)
	mux.HandleFunc("DELETE /-/stats", s.stats.clear)
	mux.HandleFunc("GET /-/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/", s.serveGit)
	return mux, nil
}

func (s *server) serveGit(w http.ResponseWriter, r *http.Request) {
	repo, service := target(r)
	s.stats.count(repo, service, r)
	fault := s.faults.of(repo)
	if fault.applies(service) && fault.answer(w, r, service) {
		return
	}
	s.git.ServeHTTP(fault.wrap(w, r, service), r)
}

// target splits a request into the repository ("a/b.git") and the service asked for: "list-refs"
// (the handshake and ls-refs), "fetch" (a pack), "push", or "file" (the dumb protocol).
func target(r *http.Request) (repo, service string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	switch {
	case strings.HasSuffix(path, "/info/refs"):
		service := "handshake"
		if r.URL.Query().Get("service") == "" {
			service = "file"
		}
		return strings.TrimSuffix(path, "/info/refs"), service
	case strings.HasSuffix(path, "/git-upload-pack"):
		return strings.TrimSuffix(path, "/git-upload-pack"), uploadPackCommand(r)
	case strings.HasSuffix(path, "/git-receive-pack"):
		return strings.TrimSuffix(path, "/git-receive-pack"), "push"
	}
	if before, _, found := strings.Cut(path, ".git/"); found {
		return before + ".git", "file"
	}
	return path, "file"
}
