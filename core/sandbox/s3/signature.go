package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	stamp    = "20060102T150405Z"
	mostSkew = 15 * time.Minute
	unsigned = "UNSIGNED-PAYLOAD"
)

// claim is what a request says about its signature.
type claim struct {
	credential, signature string
	headers               []string
	at                    time.Time
	life                  time.Duration // of a signed link; 0 = the request itself is signed
}

// check returns why S3 would refuse a request; nil = it would not. The
// signature is made anew by the library of the inventor, not by the one that
// the store uses.
func check(r *http.Request, now time.Time) *Refusal {
	c, refusal := claimOf(r)
	if refusal != nil {
		return refusal
	}
	scope := strings.Split(c.credential, "/")
	switch {
	case len(scope) != 5 || scope[0] != KeyID:
		return &Refusal{Status: http.StatusForbidden, Code: "InvalidAccessKeyId", Message: "The key does not exist: " + scope[0]}
	case scope[2] != Region:
		return &Refusal{Status: http.StatusBadRequest, Code: "AuthorizationHeaderMalformed", Region: Region}
	case c.life > 0 && now.After(c.at.Add(c.life)):
		return &Refusal{Status: http.StatusForbidden, Code: "AccessDenied", Message: "Request has expired"}
	case c.life == 0 && now.Sub(c.at).Abs() > mostSkew:
		return &Refusal{Status: http.StatusForbidden, Code: "RequestTimeTooSkewed"}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return &Refusal{Status: http.StatusBadRequest, Code: "IncompleteBody"}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if want, err := c.sign(r); err != nil || want != c.signature {
		return &Refusal{Status: http.StatusForbidden, Code: "SignatureDoesNotMatch", Message: "You sent " + r.Header.Get("Authorization") + r.URL.RawQuery}
	}
	sum := sha256.Sum256(body)
	if said := r.Header.Get("X-Amz-Content-Sha256"); c.life == 0 && said != unsigned && said != hex.EncodeToString(sum[:]) {
		return &Refusal{Status: http.StatusBadRequest, Code: "XAmzContentSHA256Mismatch"}
	}
	return nil
}

// claimOf reads the signature of a request, or of the link that it follows.
func claimOf(r *http.Request) (c claim, refusal *Refusal) {
	denied := &Refusal{Status: http.StatusForbidden, Code: "AccessDenied"}
	q, header := r.URL.Query(), r.Header.Get("Authorization")
	at := r.Header.Get("X-Amz-Date")
	switch {
	case header != "" && q.Has("X-Amz-Signature"):
		return c, &Refusal{Status: http.StatusBadRequest, Code: "InvalidArgument", Message: "Only one auth mechanism allowed"}
	case q.Has("X-Amz-Signature"):
		at = q.Get("X-Amz-Date")
		seconds, err := strconv.Atoi(q.Get("X-Amz-Expires"))
		if err != nil || seconds < 1 || seconds > 604800 {
			return c, &Refusal{Status: http.StatusBadRequest, Code: "AuthorizationQueryParametersError"}
		}
		c = claim{credential: q.Get("X-Amz-Credential"), signature: q.Get("X-Amz-Signature"), life: time.Duration(seconds) * time.Second}
		c.headers = strings.Split(q.Get("X-Amz-SignedHeaders"), ";")
	default:
		rest, ok := strings.CutPrefix(header, "AWS4-HMAC-SHA256 ")
		if !ok {
			return c, denied
		}
		parts := map[string]string{}
		for part := range strings.SplitSeq(rest, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			parts[name] = value
		}
		c = claim{credential: parts["Credential"], signature: parts["Signature"], headers: strings.Split(parts["SignedHeaders"], ";")}
	}
	var err error
	if c.at, err = time.Parse(stamp, at); err != nil {
		return c, denied
	}
	return c, nil
}

// sign makes the signature that the request should have.
func (c claim) sign(r *http.Request) (string, error) {
	again := &http.Request{Method: r.Method, Host: r.Host, Header: http.Header{}, URL: &url.URL{
		Scheme: "http", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath,
	}}
	for name, values := range r.Header {
		if slices.Contains(c.headers, strings.ToLower(name)) {
			again.Header[name] = values
		}
	}
	q := r.URL.Query()
	for _, name := range []string{"X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders"} {
		q.Del(name)
	}
	again.URL.RawQuery = q.Encode()
	keys := aws.Credentials{AccessKeyID: KeyID, SecretAccessKey: SecretKey}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if c.life > 0 {
		link, _, err := signer.PresignHTTP(context.Background(), keys, again, unsigned, "s3", Region, c.at)
		if err != nil {
			return "", err
		}
		u, err := url.Parse(link)
		if err != nil {
			return "", err
		}
		return u.Query().Get("X-Amz-Signature"), nil
	}
	if err := signer.SignHTTP(context.Background(), keys, again, r.Header.Get("X-Amz-Content-Sha256"), "s3", Region, c.at); err != nil {
		return "", err
	}
	_, signature, _ := strings.Cut(again.Header.Get("Authorization"), "Signature=")
	return signature, nil
}
