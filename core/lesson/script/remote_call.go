package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/shared"
)

// outputFormat is how strictly the server is asked for JSON.
type outputFormat int32

const (
	strictSchema outputFormat = iota
	jsonObject
	plainText
)

// complete makes one call. It tries a laxer output format when the server
// refuses a stricter one, and waits once when the server asks for that.
func (r *remote) complete(ctx context.Context, messages []openai.ChatCompletionMessageParamUnion, b *brief) (string, error) {
	waited := false
	for {
		format := outputFormat(r.format.Load())
		answer, err := r.call(ctx, messages, b, format)
		var refused *openai.Error
		if err == nil || !errors.As(err, &refused) {
			return answer, err
		}
		status := refused.StatusCode
		switch delay := retryAfter(refused.Response); {
		case (status == http.StatusBadRequest || status == http.StatusUnprocessableEntity) && format < plainText:
			r.format.CompareAndSwap(int32(format), int32(format)+1)
			continue
		case (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable) && !waited && affordable(ctx, delay):
			waited = true
			if err := sleep(ctx, delay); err != nil {
				return "", err
			}
			continue
		}
		return "", &failure{reason: statusReason(status), err: fmt.Errorf("status %d", status), down: overloaded(status)}
	}
}

func (r *remote) call(ctx context.Context, messages []openai.ChatCompletionMessageParamUnion, b *brief, format outputFormat) (string, error) {
	params := openai.ChatCompletionNewParams{Model: r.cfg.Model, Messages: messages}
	switch format {
	case strictSchema:
		params.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
			Name: "lesson_script", Strict: openai.Bool(true), Schema: b.schema(),
		}}
	case jsonObject:
		params.ResponseFormat.OfJSONObject = &shared.ResponseFormatJSONObjectParam{}
	}
	res, err := r.chat.New(ctx, params)
	var refused *openai.Error
	switch {
	case errors.As(err, &refused):
		return "", err
	case errors.Is(err, errTooLarge):
		return "", &failure{reason: "the answer of the script endpoint was too large", err: errTooLarge}
	case err != nil && ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil && unreached(err):
		return "", &failure{reason: "the script endpoint could not be reached", err: plain(err), down: true}
	case err != nil:
		// The cause is dropped on purpose: it may hold address, headers, text.
		return "", &failure{reason: "the script endpoint did not speak the protocol"}
	case len(res.Choices) == 0:
		return "", &failure{reason: "the script endpoint sent an empty answer"}
	case res.Choices[0].FinishReason == "length":
		return "", &failure{reason: "the script endpoint cut its answer short"}
	case res.Choices[0].Message.Refusal != "" && res.Choices[0].Message.Content == "":
		return "", &failure{reason: "the model declined to write the script"}
	}
	return res.Choices[0].Message.Content, nil
}

// overloaded reports whether a status says that nobody is served at the moment.
func overloaded(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// unreached reports whether an error is of the connection, not of the answer.
func unreached(err error) bool {
	var call *url.Error
	var link net.Error
	return errors.As(err, &call) || errors.As(err, &link) || errors.Is(err, io.ErrUnexpectedEOF)
}

// plain is the cause of a connection that failed, without the address.
func plain(err error) error {
	var number syscall.Errno
	var link net.Error
	switch {
	case errors.As(err, &number):
		return number
	case errors.As(err, &link) && link.Timeout():
		return errLate
	}
	return errors.New("the connection failed")
}

func statusReason(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "the script endpoint refused the key"
	case http.StatusNotFound:
		return "the script endpoint does not know the model or the address"
	case http.StatusTooManyRequests:
		return "the script endpoint has too much to do"
	}
	return "the script endpoint answered with status " + strconv.Itoa(status)
}

// retryAfter returns the delay the server asks for; 1 s when it does not say.
func retryAfter(res *http.Response) time.Duration {
	if res == nil {
		return time.Second
	}
	value := strings.TrimSpace(res.Header.Get("Retry-After"))
	if n, err := strconv.Atoi(value); err == nil && n >= 0 && n < 3600 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0)
	}
	return time.Second
}

// affordable reports whether after delay at least half of the remaining budget
// is left.
func affordable(ctx context.Context, delay time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && delay < time.Until(deadline)/2
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errTooLarge = errors.New("answer larger than 1 MiB")

// bounded is an HTTP client whose answers end with errTooLarge after 1 MiB.
type bounded struct{ client *http.Client }

func (b *bounded) Do(req *http.Request) (*http.Response, error) {
	res, err := b.client.Do(req) //nolint:gosec // the address is the operator's configuration, never a user's
	if err != nil {
		return nil, err
	}
	res.Body = &limited{ReadCloser: res.Body, left: maxAnswer}
	return res, nil
}

type limited struct {
	io.ReadCloser
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLarge
	}
	n, err := l.ReadCloser.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
