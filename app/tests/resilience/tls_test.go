//go:build resilience

package resilience_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// acl is all that Gatehouse asks of Redis. docs/operations.md shows the same line.
const acl = "user gatehouse on >pw resetchannels ~gatehouse:* ~rate:gatehouse:* -@all +hello +auth +ping " +
	"+eval +evalsha +time +get +set +hget +hmget +hset +hdel +hkeys +hgetall " +
	"+pexpireat +pttl +xadd +xread +xrange +config|get +cluster|slots\nuser default on nopass ~* &* +@all\n"

// newTLSRedis is a Redis that speaks TLS under a certificate of a CA of our own, and has a user of its
// own for Gatehouse. It answers the address for REDIS_URL and the file with the CA.
func newTLSRedis(t *testing.T) (r *redisServer, address, ca string) {
	t.Helper()
	folder, port := t.TempDir(), freePort(t)
	file := func(name string) string { return filepath.Join(folder, name) }
	certify(t, file("ca.pem"), file("server.pem"), file("server.key"))
	if err := os.WriteFile(file("users.acl"), []byte(acl), 0o644); err != nil {
		t.Fatal(err)
	}
	r = newRedis(t, "--tls-port", port, "--tls-cert-file", file("server.pem"), "--tls-key-file", file("server.key"),
		"--tls-ca-cert-file", file("ca.pem"), "--tls-auth-clients", "no", "--aclfile", file("users.acl"))
	return r, "rediss://gatehouse:pw@127.0.0.1:" + port + "/0", file("ca.pem")
}

// certify makes a CA and a certificate of its for 127.0.0.1 and for the name in docs/deploy.
func certify(t *testing.T, ca, server, key string) {
	t.Helper()
	caKey, serverKey := ecKey(t), ecKey(t)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a CA of our own"}, IsCA: true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().
					Add(time.Hour)}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "redis"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{publicName},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: root.NotBefore, NotAfter: root.NotAfter}
	write(t, ca, "CERTIFICATE", signed(t, root, root, caKey, caKey))
	write(t, server, "CERTIFICATE", signed(t, leaf, root, serverKey, caKey))
	der, err := x509.MarshalECPrivateKey(serverKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, key, "EC PRIVATE KEY", der)
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signed(t *testing.T, certificate, by *x509.Certificate, key, byKey *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, certificate, by, &key.PublicKey, byKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func write(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
}
