package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// A pki is a directory that holds the cluster's certificates and keys.
type pki string

func (p pki) path(name string) string { return filepath.Join(string(p), name) }

// ensurePKI makes the certificates and keys unless an earlier run left them.
func ensurePKI(dir string) (pki, error) {
	p := pki(dir)
	if _, err := os.Stat(p.path("done")); err == nil {
		return p, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return p, err
	}
	caKey, err := p.newKey("ca.key")
	if err != nil {
		return p, err
	}
	ca := template("control-plane-ca")
	ca.IsCA, ca.BasicConstraintsValid = true, true
	ca.KeyUsage = x509.KeyUsageCertSign
	if err := p.sign("ca.crt", ca, ca, caKey.Public(), caKey); err != nil {
		return p, err
	}
	server := template("kube-apiserver")
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 0, 0, 1)}
	server.DNSNames = []string{"localhost", "kubernetes.default.svc"}
	admin := template("admin", "system:masters")
	admin.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for name, tmpl := range map[string]*x509.Certificate{"server": server, "admin": admin} {
		key, err := p.newKey(name + ".key")
		if err != nil {
			return p, err
		}
		if err := p.sign(name+".crt", tmpl, ca, key.Public(), caKey); err != nil {
			return p, err
		}
	}
	saKey, err := p.newKey("sa.key")
	if err != nil {
		return p, err
	}
	pub, err := x509.MarshalPKIXPublicKey(saKey.Public())
	if err != nil {
		return p, err
	}
	if err := p.write("sa.pub", "PUBLIC KEY", pub); err != nil {
		return p, err
	}
	return p, os.WriteFile(p.path("done"), nil, 0o600)
}

func template(name string, groups ...string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, Organization: groups},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func (p pki) newKey(name string) (crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, p.write(name, "EC PRIVATE KEY", der)
}

func (p pki) sign(name string, tmpl, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) error {
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, pub, key)
	if err != nil {
		return err
	}
	return p.write(name, "CERTIFICATE", der)
}

func (p pki) write(name, kind string, der []byte) error {
	return os.WriteFile(p.path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// httpClient is the cluster-admin's.
func (p pki) httpClient() (*http.Client, error) {
	cert, err := tls.LoadX509KeyPair(p.path("admin.crt"), p.path("admin.key"))
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(p.path("ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: roots},
	}}, nil
}

func writeKubeconfig(path, server string, p pki) error {
	cfg := clientcmdapi.NewConfig()
	cluster, user, ctx := clientcmdapi.NewCluster(), clientcmdapi.NewAuthInfo(), clientcmdapi.NewContext()
	cluster.Server = server
	for file, to := range map[string]*[]byte{
		"ca.crt":    &cluster.CertificateAuthorityData,
		"admin.crt": &user.ClientCertificateData,
		"admin.key": &user.ClientKeyData,
	} {
		data, err := os.ReadFile(p.path(file))
		if err != nil {
			return err
		}
		*to = data
	}
	ctx.Cluster, ctx.AuthInfo = "control-plane", "admin"
	cfg.Clusters["control-plane"], cfg.AuthInfos["admin"], cfg.Contexts["control-plane"] = cluster, user, ctx
	cfg.CurrentContext = "control-plane"
	return clientcmd.WriteToFile(*cfg, path)
}
