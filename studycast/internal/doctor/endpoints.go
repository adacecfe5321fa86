package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// outside asks servers of others, by the proxy that leads there. A redirect
// could carry the key to another host.
var outside = &http.Client{
	Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
	CheckRedirect: plain.CheckRedirect,
}

// endpoint is one that lessons use.
type endpoint struct {
	setting, base   string
	keySetting, key string
	fallback        bool // lessons are made without it while it is away
}

func (o Options) endpoints() []endpoint {
	return []endpoint{
		{"SCRIPT_URL", o.ScriptURL, "SCRIPT_KEY", o.ScriptKey, o.ScriptFallback},
		{"SPEECH_URL", o.SpeechURL, "SPEECH_KEY", o.SpeechKey, o.SpeechFallback},
	}
}

func (o Options) endpointCheck() check {
	return check{name: "endpoints", looks: "whether the script and speech endpoints answer", run: func(ctx context.Context) finding {
		var f finding
		for _, e := range o.endpoints() {
			if e.base != "" {
				e.try(ctx, &f)
			}
		}
		if f.status() == OK {
			f.says = "they answer"
		}
		return f
	}}
}

// try asks for the list of models, which costs nothing. An endpoint that has no
// such list answers all the same.
func (e endpoint) try(ctx context.Context, f *finding) {
	code, err := e.ask(ctx)
	switch {
	case err != nil:
		e.down(f, e.setting+": "+oneLine(err), "start the endpoint or correct "+e.setting)
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		f.fail(fmt.Sprintf("%s refuses the key (%d)", e.setting, code), "put a valid key into "+e.keySetting)
	case code >= http.StatusInternalServerError:
		e.down(f, fmt.Sprintf("%s answers %d", e.setting, code), "mend the endpoint")
	}
}

// down says what it costs that the endpoint is.
func (e endpoint) down(f *finding, wrong, remedy string) {
	if e.fallback {
		f.warn(wrong, remedy+"; until then lessons are made offline, with a note in them")
		return
	}
	f.fail(wrong, remedy+"; until then jobs wait for it")
}

func (e endpoint) ask(ctx context.Context) (code int, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	base, err := url.Parse(e.base)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("models").String(), http.NoBody)
	if err != nil {
		return 0, err
	}
	if e.key != "" {
		req.Header.Set("Authorization", "Bearer "+e.key)
	}
	resp, err := outside.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
