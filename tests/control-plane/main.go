// Command control-plane is a Kubernetes control plane for tests in one process:
// etcd, kube-apiserver (RBAC on) and those controllers of the
// kube-controller-manager that matter without nodes. It prints "ready" on
// stdout once the cluster is usable, logs to stderr, and stops on SIGINT or
// SIGTERM, or at the end of its standard input if it is asked to.
//
// With --etcd-endpoint it is a second API server of a cluster that another
// control-plane process runs: it shares the data directory's certificates, and
// starts neither etcd nor the controllers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	logsapi "k8s.io/component-base/logs/api/v1"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

const defaultControllers = "garbage-collector-controller,namespace-controller," +
	"serviceaccount-controller,serviceaccount-token-controller," +
	"root-ca-certificate-publisher-controller,clusterrole-aggregation-controller," +
	"deployment-controller,replicaset-controller"

type options struct {
	dataDir       string
	port          int
	kubeconfig    string
	controllers   string
	auditLog      string
	etcdQuota     int64
	etcdEndpoint  string
	readyFile     string
	exitWithStdin bool
}

func main() {
	var o options
	flag.StringVar(&o.dataDir, "data-dir", "", "directory of etcd's data and the certificates; kept over restarts (required)")
	flag.IntVar(&o.port, "port", 0, "port on 127.0.0.1 to serve on; 0 picks a free one")
	flag.StringVar(&o.kubeconfig, "kubeconfig", "", "where to write the cluster-admin kubeconfig (default DATA-DIR/kubeconfig)")
	flag.StringVar(&o.controllers, "controllers", defaultControllers, "controllers to run, as in kube-controller-manager")
	flag.StringVar(&o.auditLog, "audit-log", "", "file to append one JSON line a request to (audit.go says which)")
	flag.Int64Var(&o.etcdQuota, "etcd-quota-bytes", 0, "size at which etcd refuses writes; 0 is etcd's default, 2 GiB")
	flag.StringVar(&o.etcdEndpoint, "etcd-endpoint", "", "start only an API server, on this etcd (DATA-DIR/etcd-endpoint of the running one)")
	flag.StringVar(&o.readyFile, "ready-file", "", "file to create when the cluster is usable")
	flag.BoolVar(&o.exitWithStdin, "exit-with-stdin", false, "stop when standard input ends, so that nothing outlives a test run")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "control-plane:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	// Before anything starts: the input may end at any time.
	stop := stopRequested(o.exitWithStdin)
	if err := o.complete(); err != nil {
		return err
	}
	pki, err := ensurePKI(filepath.Join(o.dataDir, "pki"))
	if err != nil {
		return err
	}
	server := "https://127.0.0.1:" + strconv.Itoa(o.port)
	if err := writeKubeconfig(o.kubeconfig, server, pki); err != nil {
		return err
	}
	endpoint := o.etcdEndpoint
	if endpoint == "" {
		etcd, err := startEtcd(filepath.Join(o.dataDir, "etcd"), o.etcdQuota)
		if err != nil {
			return fmt.Errorf("etcd: %w", err)
		}
		defer etcd.Close()
		endpoint = "http://" + etcd.Clients[0].Addr().String()
		if err := os.WriteFile(filepath.Join(o.dataDir, "etcd-endpoint"), []byte(endpoint), 0o600); err != nil {
			return err
		}
	}
	failed := make(chan error, 2)
	started := make(chan error, 1)
	go func() { started <- startKubernetes(o, pki, server, endpoint, failed) }()
	for {
		select {
		case err := <-started:
			if err != nil {
				return err
			}
			started = nil
			fmt.Println("ready")
			if o.readyFile != "" {
				if err := os.WriteFile(o.readyFile, nil, 0o600); err != nil {
					return err
				}
			}
		case err := <-failed:
			return fmt.Errorf("a component ended: %w", err)
		// The API server is not asked to stop: it would wait a minute for the controllers' watches to end.
		case <-stop:
			return nil
		}
	}
}

func (o *options) complete() error {
	if o.dataDir == "" {
		return errors.New("--data-dir is required")
	}
	if o.etcdEndpoint != "" && (o.etcdQuota != 0 || o.kubeconfig == "") {
		return errors.New("--etcd-endpoint needs a --kubeconfig of its own, and the quota belongs to the process that runs etcd")
	}
	var err error
	if o.dataDir, err = filepath.Abs(o.dataDir); err != nil {
		return err
	}
	if o.kubeconfig == "" {
		o.kubeconfig = filepath.Join(o.dataDir, "kubeconfig")
	}
	if o.port == 0 {
		o.port, err = freePort()
	}
	return err
}

// startKubernetes returns when the cluster is usable.
func startKubernetes(o options, p pki, server, etcdEndpoint string, failed chan error) error {
	// Both components apply their logging configuration to the same process.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	// In this order: the controller manager's sets feature gates that the other freezes.
	managerCmd, serverCmd := kcm.NewControllerManagerCommand(), apiserver.NewAPIServerCommand()
	start := func(cmd *cobra.Command, args ...string) {
		cmd.SetArgs(args)
		go func() { failed <- cmd.Execute() }()
	}
	serverArgs := []string{
		"--etcd-servers=" + etcdEndpoint,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(o.port),
		"--endpoint-reconciler-type=none", // the address is loopback
		"--tls-cert-file=" + p.path("server.crt"), "--tls-private-key-file=" + p.path("server.key"),
		"--client-ca-file=" + p.path("ca.crt"),
		"--authorization-mode=RBAC", "--allow-privileged",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + p.path("sa.pub"),
		"--service-account-signing-key-file=" + p.path("sa.key"),
	}
	if o.auditLog != "" {
		args, err := auditArgs(o.dataDir, o.auditLog)
		if err != nil {
			return err
		}
		serverArgs = append(serverArgs, args...)
	}
	start(serverCmd, serverArgs...)
	client, err := p.httpClient()
	if err != nil {
		return err
	}
	if err := waitFor(client, server+"/readyz"); err != nil {
		return err
	}
	if o.etcdEndpoint != "" {
		return nil
	}
	start(managerCmd,
		"--kubeconfig="+o.kubeconfig, "--controllers="+o.controllers,
		"--leader-elect=false", "--secure-port=0",
		"--kube-api-qps=1000", "--kube-api-burst=1000",
		"--service-account-private-key-file="+p.path("sa.key"),
		"--root-ca-file="+p.path("ca.crt"),
	)
	// Made by a controller: once it is there, the controllers run.
	return waitFor(client, server+"/api/v1/namespaces/default/serviceaccounts/default")
}

// stopRequested is closed by a signal, or by the end of standard input.
func stopRequested(withStdin bool) <-chan struct{} {
	stop := make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-signals
		close(stop)
	}()
	if withStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			signals <- syscall.SIGTERM
		}()
	}
	return stop
}

// waitFor waits until a GET of url answers 200.
func waitFor(client *http.Client, url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		if resp, err := client.Get(url); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer from %s", url)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
