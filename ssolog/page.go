package ssolog

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/page"
)

// pageLimit is how many entries the page shows when it is not told.
const pageLimit = 100

//go:embed page.html
var pageSource string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// Page adjusts the HTML page. The zero value is the library's own look, without a switch.
type Page struct {
	// Stylesheet is the URL of a style sheet loaded after the page's own: a path of this site, or an absolute https URL.
	Stylesheet string
	// ToggleURL is a path of this site that switches the log. The page posts enabled=true or enabled=false to it; the
	// application checks who asks, calls [Log.SetEnabled] and redirects back. Empty shows the state without a switch.
	ToggleURL string
	// Hidden returns the name and value of a hidden field for that form, such as a CSRF token. Nil adds none.
	Hidden func(r *http.Request) (name, value string)
}

// pageData is a checked Page.
type pageData struct {
	Page
	policy page.Policy
}

var plainHost = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$`)

// checked refuses URLs the page could not use under its own Content-Security-Policy.
func (p Page) checked() (pageData, error) {
	d := pageData{Page: p, policy: page.Policy{Style: styleSource(), FormAction: "'self'"}}
	var errs []error
	if p.ToggleURL != "" && !sitePath(p.ToggleURL) {
		errs = append(errs, fault("Page.ToggleURL cannot be used", "a path of this site"))
	}
	switch origin, ok := styleOrigin(p.Stylesheet); {
	case !ok:
		errs = append(errs, fault("Page.Stylesheet cannot be used", "a path of this site, or an absolute https URL"))
	case origin != "":
		d.policy.Style += " " + origin
	}
	return d, errors.Join(errs...)
}

func sitePath(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(s, "/") &&
		!strings.HasPrefix(s, "//") && !strings.Contains(s, `\`)
}

// styleOrigin returns what the Content-Security-Policy must allow for a style sheet.
func styleOrigin(s string) (origin string, ok bool) {
	if s == "" {
		return "", true
	}
	if sitePath(s) {
		return "'self'", true
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.User != nil || !plainHost.MatchString(u.Host) {
		return "", false
	}
	return "https://" + u.Host, true
}

// styleSource allows exactly the page's own style.
func styleSource() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// shownPage is what the template reads.
type shownPage struct {
	asked
	Page      Page
	Style     template.CSS
	Problem   string // what is wrong with the query
	FieldName string // the hidden field
	Field     string
	Rows      []row
}

// row is one entry as the page shows it.
type row struct {
	Entry
	When, Moment, JSON string
}

func (d pageData) data(r *http.Request, a asked, err error) shownPage {
	s := shownPage{asked: a, Page: d.Page, Style: template.CSS(pageStyle)} // #nosec G203 -- constant, embedded
	if d.Hidden != nil && d.ToggleURL != "" {
		s.FieldName, s.Field = d.Hidden(r)
	}
	var e *lmssso.Error
	if errors.As(err, &e) {
		s.Problem = e.Detail
	}
	for _, entry := range a.Entries {
		s.Rows = append(s.Rows, newRow(entry))
	}
	return s
}

func newRow(e Entry) row {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the template escapes
	enc.SetIndent("", "  ")
	if enc.Encode(e) != nil {
		b.Reset() // times beyond the year 9999 have no JSON
	}
	return row{Entry: e, When: e.Time.Format("2006-01-02 15:04:05"), Moment: e.Time.Format(time.RFC3339), JSON: b.String()}
}

// Asks tells the template which choice of the filter is the current one.
func (s shownPage) Asks(valid string) bool { return s.Query.Verdict.parameter() == valid }

// Empty says that the log holds nothing, whatever is asked for.
func (s shownPage) Empty() bool { return s.Problem == "" && s.Held == 0 }
