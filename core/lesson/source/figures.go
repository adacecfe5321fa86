package source

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/source/outline"
)

const (
	maxPicture      = 8 << 20 // bytes of one picture as received
	fetchedAtOnce   = 3
	longestPictures = 10 * time.Second // for all pictures of a page, if so much is left
)

// decorative are addresses of pictures that explain nothing.
var decorative = regexp.MustCompile(`(?i)(shields\.io|badge|travis-ci|codecov|\.svg([?#]|$)|pixel|spacer|blank\.|1x1|avatar|gravatar|` +
	`\blogo|[/_-]logo|icon|emoji|sprite|tracking|doubleclick|/ads?/|button|banner|data:image/svg)`)

var errNotPicture = errors.New("not a picture that can be shown")

// figures fetches the pictures that may explain something and adds them to
// doc. It is best effort: what fails is counted in a note.
func (r *Reader) figures(ctx context.Context, doc *lesson.Document, pictures []outline.Picture, raw Raw) {
	chosen := choose(pictures, r.o.Figures)
	left := r.o.Timeout - raw.Took
	if len(chosen) == 0 || left <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, min(left, longestPictures))
	defer cancel()
	load := r.loader(raw)
	defer load.close()
	found := make([]*lesson.Figure, len(chosen))
	failed := make([]error, len(chosen))
	decoding := make(chan struct{}, 1) // one at a time: a decoded picture may be 80 MB
	var group errgroup.Group
	group.SetLimit(fetchedAtOnce)
	for i, p := range chosen {
		group.Go(func() error {
			found[i], failed[i] = load.figure(ctx, p, decoding)
			return nil
		})
	}
	_ = group.Wait()
	lost := 0
	for i, f := range found {
		if f != nil {
			f.ID = fmt.Sprintf("f%d", len(doc.Figures)+1)
			doc.Figures = append(doc.Figures, *f)
		} else if !errors.Is(failed[i], errTooSmall) {
			r.o.Logger.DebugContext(ctx, "figure left out", "fault", string(fault.From(failed[i]).Kind))
			lost++
		}
	}
	if lost > 0 {
		doc.Notes = append(doc.Notes, fmt.Sprintf("Figures left out, because they could not be fetched or shown: %d.", lost))
	}
}

// choose returns the first n pictures that are neither decoration nor twice
// on the page; those with a caption come first, then the page's order counts.
func choose(pictures []outline.Picture, n int) []outline.Picture {
	seen := map[string]bool{}
	var captioned, others []outline.Picture
	for _, p := range pictures {
		small := p.Width > 0 && p.Width < minSide || p.Height > 0 && p.Height < minSide
		if small || seen[p.Source] || !strings.HasPrefix(p.Source, "data:") && decorative.MatchString(p.Source) ||
			strings.HasPrefix(p.Source, "data:image/svg") {
			continue
		}
		seen[p.Source] = true
		if p.Caption != "" {
			captioned = append(captioned, p)
		} else {
			others = append(others, p)
		}
	}
	captioned = append(captioned, others...)
	return captioned[:min(len(captioned), max(n, 0))]
}

// loader gets the bytes of pictures: by web for a page, inline for an upload.
type loader struct {
	get   func(ctx context.Context, address string) ([]byte, error)
	close func()
}

func (r *Reader) loader(raw Raw) loader {
	if raw.URL == "" {
		return loader{close: func() {}, get: func(context.Context, string) ([]byte, error) {
			return nil, fmt.Errorf("%w: an upload does not fetch", errNotPicture)
		}}
	}
	client := r.client()
	return loader{close: client.CloseIdleConnections, get: func(ctx context.Context, address string) ([]byte, error) {
		if _, err := r.o.parse(address); err != nil {
			return nil, err
		}
		resp, err := r.get(ctx, client, address, "image/webp,image/png,image/jpeg,image/gif;q=0.9")
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		if err := checkStatus(resp); err != nil {
			return nil, err
		}
		if resp.Header.Get("Content-Encoding") != "" {
			return nil, fmt.Errorf("%w: it is packed", errNotPicture)
		}
		data, err := io.ReadAll(io.LimitReader(resp.Body, maxPicture+1))
		if len(data) > maxPicture {
			return nil, fmt.Errorf("%w: too large", errNotPicture)
		}
		return data, err
	}}
}

func (l loader) figure(ctx context.Context, p outline.Picture, decoding chan struct{}) (*lesson.Figure, error) {
	data, err := inline(p.Source)
	if data == nil && err == nil {
		data, err = l.get(ctx, p.Source)
	}
	if err != nil {
		return nil, err
	}
	select {
	case decoding <- struct{}{}:
		defer func() { <-decoding }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	pic, err := redraw(data)
	if err != nil {
		return nil, err
	}
	pic.Section, pic.Alt, pic.Caption = p.Section, p.Alt, p.Caption
	return pic, nil
}

// inline returns the bytes of a data: URI; nil for an address.
func inline(source string) ([]byte, error) {
	if !strings.HasPrefix(source, "data:") {
		return nil, nil
	}
	head, body, _ := strings.Cut(source, ",")
	if !strings.HasSuffix(head, ";base64") || base64.StdEncoding.DecodedLen(len(body)) > maxPicture {
		return nil, fmt.Errorf("%w: data address", errNotPicture)
	}
	if plain, err := url.PathUnescape(body); err == nil {
		body = plain
	}
	data, err := base64.StdEncoding.DecodeString(body)
	if err != nil || len(data) == 0 {
		return nil, fmt.Errorf("%w: data address", errNotPicture)
	}
	return data, nil
}
