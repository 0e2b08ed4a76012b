//go:build resilience

package resilience_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// publicName is what the files in docs/deploy call the site.
const publicName = "accounts.example.com"

// deployed is two processes with production's settings, for a proxy that speaks TLS.
func deployed(t *testing.T) (*world, []*gatehouse) {
	t.Helper()
	w := newWorld(t, newRedis(t).url(), "APP_URL=https://"+publicName, "TRUSTED_PROXIES=127.0.0.1")
	return w, []*gatehouse{w.gate(), w.gate()}
}

// The nginx.conf that people copy serves, but for its addresses, names and certificate as it is.
func TestNginxConfServes(t *testing.T) {
	w, gates := deployed(t)
	plain, secure, folder := freePort(t), freePort(t), t.TempDir()
	file := func(name string) string { return filepath.Join(folder, name) }
	certify(t, file("ca.pem"), file("server.pem"), file("server.key"))
	copied, err := os.ReadFile("../../docs/deploy/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	site := strings.NewReplacer("listen 80;", "listen 127.0.0.1:"+plain+";", "listen 443 ssl", "listen 127.0.0.1:"+secure+" ssl",
		"127.0.0.1:3000", gates[0].addr, "127.0.0.1:3001", gates[1].addr,
		"/etc/ssl/"+publicName+".pem", file("server.pem"), "/etc/ssl/"+publicName+".key", file("server.key")).Replace(string(copied))
	conf := fmt.Sprintf("daemon off; worker_processes 1; pid %[1]s/pid; events {}\nhttp { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;\n%[2]s}\n", folder, site)
	if err := os.WriteFile(file("nginx.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, open := range []string{folder, filepath.Dir(folder)} { // nginx's worker is another user
		if err := os.Chmod(open, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	nginx := start(t, exec.Command(tool(t, "nginx"), "-c", file("nginx.conf"), "-e", file("error.log")))
	t.Cleanup(func() { nginx.signal(syscall.SIGQUIT); <-nginx.exited })
	served(t, w, gates, nginx, plain, secure, func() []byte { return readFile(t, file("ca.pem")) })
}

// So does the Caddyfile, but for the names of the processes, with certificates of Caddy's own CA.
func TestCaddyfileServes(t *testing.T) {
	w, gates := deployed(t)
	plain, secure, folder := freePort(t), freePort(t), t.TempDir()
	copied, err := os.ReadFile("../../docs/deploy/Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	site := regexp.MustCompile(`(?s)dynamic a gatehouse 3000 \{.*?\}`).ReplaceAllString(string(copied), "to "+gates[0].addr+" "+gates[1].addr)
	if site == string(copied) {
		t.Fatal("the Caddyfile names its processes in another way than this test knows")
	}
	site = fmt.Sprintf("{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\thttp_port %s\n\thttps_port %s\n\tdefault_bind 127.0.0.1\n\tstorage file_system %s\n}\n%s", plain, secure, folder, site)
	file := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(file, []byte(site), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool(t, "caddy"), "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = []string{"DOMAIN=" + publicName, "HOME=" + folder, "PATH=" + os.Getenv("PATH")}
	caddy := start(t, cmd)
	root := filepath.Join(folder, "pki", "authorities", "local", "root.crt")
	served(t, w, gates, caddy, plain, secure, func() []byte { return readFile(t, root) })
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	eventually(t, file+" is there", func() bool { _, err := os.Stat(file); return err == nil })
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// served goes through the proxy as a browser would.
func served(t *testing.T, w *world, gates []*gatehouse, proxy *process, plain, secure string, ca func() []byte) {
	t.Helper()
	eventually(t, "the proxy listens", func() bool {
		if !proxy.running() {
			t.Fatalf("the proxy: %s", proxy.said())
		}
		return listens(plain) && listens(secure)
	})
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca()) {
		t.Fatal("no CA")
	}
	jar, _ := cookiejar.New(nil)
	p := &person{w: w, base: "https://" + publicName, client: &http.Client{Jar: jar, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots},
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				port := secure
				if strings.HasSuffix(addr, ":80") {
					port = plain
				}
				return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
			}}}}
	eventually(t, "a page comes through", func() bool { return p.get("/sign-in") == http.StatusOK })
	user := w.user()
	request, _ := http.NewRequest(http.MethodPost, p.base+"/sign-in", strings.NewReader(url.Values{"email": {user.Email}, "password": {password}, "remember": {"on"}}.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", p.base)
	request.Header.Set("X-Forwarded-For", "203.0.113.9") // what a client says of itself
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusSeeOther || response.Header.Get("Strict-Transport-Security") == "" || len(p.cookie("__Host-refresh")) == 0 {
		t.Fatalf("a sign-in is answered %d %v", response.StatusCode, response.Header)
	}
	for _, cookie := range response.Cookies() {
		if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || !cookie.HttpOnly || cookie.Domain != "" || cookie.Path != "/" {
			t.Errorf("a cookie is set as %s", cookie)
		}
	}
	for path, want := range map[string]int{"/dashboard": 200, "/metrics": 404, "/healthz": 404, "/readyz": 404} {
		if got := p.get(path); got != want {
			t.Errorf("%s is answered %d, want %d", path, got, want)
		}
	}
	p.base = "http://" + publicName
	if status := p.get("/dashboard"); status != http.StatusPermanentRedirect {
		t.Errorf("plain http is answered %d", status)
	}
	p.base = "https://" + publicName
	eventually(t, "the log has the sign-in", func() bool { return strings.Contains(gates[0].said()+gates[1].said(), `"kind":"signed_in"`) })
	if said := gates[0].said() + gates[1].said(); strings.Contains(said, "203.0.113.9") || !strings.Contains(said, `"ip":"127.0.0.1"`) {
		t.Error("the proxy believes what a client says of its address")
	}
	gates[0].kill()
	good := 0
	for range 20 {
		if p.get("/dashboard") == http.StatusOK && p.post("/auth/refresh", nil) == http.StatusNoContent {
			good++
		}
	}
	report(t, "signed in over TLS (%s), /metrics shut, with one of two processes killed %d of 20 pages and refreshes served", response.Proto, good)
	if good != 20 {
		t.Fail()
	}
}
