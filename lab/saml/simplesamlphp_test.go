package saml_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Debian's package simplesamlphp keeps the program here.
const simplesamlphp = "/usr/share/simplesamlphp"

// ssp is a SimpleSAMLphp identity provider of its own: its own keys, configuration and sessions, on a free port.
type ssp struct {
	t        *testing.T
	url      string // ends without a slash
	dir      string
	metadata string // the address of its metadata, which is its entity id
}

// lines collects what a process prints.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startSSP starts the provider. hosted are further settings of saml20-idp-hosted, as PHP.
func startSSP(t *testing.T, hosted string) *ssp {
	t.Helper()
	php, err := exec.LookPath("php")
	if err != nil {
		t.Fatalf("php is missing: install php-cli, php-xml: %v", err)
	}
	if _, err := os.Stat(simplesamlphp + "/www/saml2/idp/SSOService.php"); err != nil {
		t.Fatalf("SimpleSAMLphp is missing: install simplesamlphp: %v", err)
	}
	for range 5 { // a free port may be taken by somebody else before php has it
		port := freePort(t)
		p := &ssp{t: t, dir: t.TempDir(), url: fmt.Sprintf("http://127.0.0.1:%d", port)}
		p.metadata = p.url + "/saml2/idp/metadata.php"
		p.configure(hosted)
		if p.serve(php, port) {
			return p
		}
	}
	t.Fatal("php finds no free port")
	return nil
}

// serve runs php's own server until the test ends. It reports false when the port was taken.
func (p *ssp) serve(php string, port int) bool {
	p.t.Helper()
	out := &lines{}
	cmd := exec.Command(php, "-d", "opcache.enable=0", "-d", "display_errors=0", "-S", fmt.Sprintf("127.0.0.1:%d", port), "-t", simplesamlphp+"/www")
	cmd.Env = append(os.Environ(), "SIMPLESAMLPHP_CONFIG_DIR="+p.dir+"/config")
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // php's server has no clean end: it dies of the signal
		close(ended)
	}()
	p.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if p.t.Failed() {
			p.t.Logf("php:\n%s\nSimpleSAMLphp:\n%s", out, p.log())
		}
	})
	return p.waitUntilUp(ended, out)
}

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// waitUntilUp waits for the provider's metadata. It reports false when php could not have the port.
func (p *ssp) waitUntilUp(ended <-chan struct{}, out *lines) bool {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	for {
		select {
		case <-ended:
			if strings.Contains(out.String(), "Address already in use") {
				return false
			}
			p.t.Fatalf("php ended:\n%s", out)
		case <-ctx.Done():
			p.t.Fatalf("SimpleSAMLphp does not answer:\n%s", out)
		case <-time.After(20 * time.Millisecond):
		}
		if !strings.Contains(out.String(), "started") {
			continue
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.metadata, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		if answer, err := http.DefaultClient.Do(r); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return true
			}
			p.t.Fatalf("SimpleSAMLphp answers %d:\n%s", answer.StatusCode, out)
		}
	}
}

func (p *ssp) log() string {
	text, err := os.ReadFile(p.dir + "/log/simplesamlphp.log")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// configure writes the provider's configuration: one user, anna, and this run's keys.
func (p *ssp) configure(hosted string) {
	p.t.Helper()
	for _, d := range []string{"config", "metadata", "cert", "log", "data", "tmp", "sessions"} {
		if err := os.Mkdir(filepath.Join(p.dir, d), 0o700); err != nil {
			p.t.Fatal(err)
		}
	}
	writeKey(p.t, p.dir+"/cert", "idp", idpKey())
	writeFile(p.t, p.dir+"/config/config.php", strings.NewReplacer("URL", p.url, "DIR", p.dir).Replace(`<?php
$config = [
	'baseurlpath' => 'URL/', 'certdir' => 'DIR/cert/', 'loggingdir' => 'DIR/log/', 'datadir' => 'DIR/data/', 'tempdir' => 'DIR/tmp',
	'metadatadir' => 'DIR/metadata/', 'attributenamemapdir' => '/usr/share/simplesamlphp/config/attributemap/', 'timezone' => 'UTC',
	'secretsalt' => 'lab', 'auth.adminpassword' => 'lab-admin', 'technicalcontact_name' => 'Lab', 'technicalcontact_email' => 'lab@example.org',
	'admin.checkforupdates' => false, 'showerrors' => true, 'errorreporting' => false,
	'logging.level' => SimpleSAML\Logger::DEBUG, 'logging.handler' => 'file', 'logging.logfile' => 'simplesamlphp.log', 'statistics.out' => [],
	'debug' => ['saml' => true, 'backtraces' => true, 'validatexml' => true],
	'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
	'store.type' => 'phpsession', 'session.phpsession.savepath' => 'DIR/sessions', 'session.phpsession.cookiename' => 'SimpleSAML',
	'session.cookie.secure' => false, 'session.cookie.samesite' => null, 'session.phpsession.httponly' => true,
	'language.available' => ['en'], 'language.default' => 'en', 'language.cookie.secure' => false, 'theme.use' => 'default',
	'authproc.idp' => [], 'authproc.sp' => [],
	'metadata.sources' => [['type' => 'flatfile'], ['type' => 'xml', 'file' => 'DIR/metadata/sp.xml']],
];
`))
	writeFile(p.t, p.dir+"/config/authsources.php", `<?php
$config = [
	'admin' => ['core:AdminPassword'],
	'lab' => ['exampleauth:UserPass', 'anna:right-password' => [
		'uid' => ['anna-7'], 'mail' => ['anna@example.com'], 'givenName' => ['Änna'], 'sn' => ['O\'Brien & <Söhne>'], 'courses' => ['intro', 'welding'],
	]],
];
`)
	writeFile(p.t, p.dir+"/metadata/saml20-idp-hosted.php", `<?php
$metadata['__DYNAMIC:1__'] = [
	'host' => '__DEFAULT__', 'auth' => 'lab', 'privatekey' => 'idp.key', 'certificate' => 'idp.crt',
	'SingleSignOnServiceBinding' => ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'],
	'sign.logout' => true, 'validate.logout' => true, 'redirect.validate' => true, 'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
	`+hosted+`
];
`)
	p.trust(`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>`)
}

// trust gives the provider a site's metadata to read.
func (p *ssp) trust(metadata string) {
	p.t.Helper()
	writeFile(p.t, p.dir+"/metadata/sp.xml", metadata)
}

// right and wrong are what anna types.
var (
	right = map[string]string{"username": "anna", "password": "right-password"}
	wrong = map[string]string{"username": "anna", "password": "wrong-password"}
)
