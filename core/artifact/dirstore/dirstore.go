// Package dirstore keeps artifacts in a directory. An object is two files
// beside each other: its content, under a name of its own for every Put, and
// "<name>~meta.json", which says what the content is and where. Renaming the
// latter into place is the moment of visibility, so that a reader meets an
// object whole or not at all, with the description that belongs to it.
// Several processes may share the directory.
package dirstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/scratch"
)

const (
	tempDir    = ".tmp"       // no key has a segment that starts with a dot
	metaSuffix = "~meta.json" // no key has a '~'
	dirMode    = 0o750
	fileMode   = 0o640
)

// meta is the description of an object as it is kept on disk.
type meta struct {
	File      string    `json:"file"` // name of the content, beside this file
	Size      int64     `json:"size"`
	SHA256    string    `json:"sha256"`
	MediaType string    `json:"media_type"`
	ModTime   time.Time `json:"mod_time"`
}

// Store is a directory of artifacts. A directory that is taken away makes it
// unavailable, and one that is put in its place is taken into use.
type Store struct {
	dir string

	mu  sync.Mutex
	now *folder
}

// folder is the directory that is there now.
type folder struct {
	root *os.Root // confines every path, whatever links lie in the directory
	temp *scratch.Dir
	info fs.FileInfo
}

var _ artifact.Store = (*Store)(nil)

// Open opens the store in dir and makes the directory when it is missing.
// Half-written files of processes that were killed are removed.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("artifact directory: %w", err)
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("artifact directory: %w", err)
	}
	f, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("artifact directory: %w", err)
	}
	return &Store{dir: dir, now: f}, nil
}

// Dir is the directory, as an absolute path.
func (s *Store) Dir() string { return s.dir }

// Close frees the store. Files that were opened stay readable.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.close()
}

// Put implements artifact.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, mediaType string) (artifact.Info, error) {
	if err := artifact.CheckKey(key); err != nil {
		return artifact.Info{}, err
	}
	f, err := s.folder()
	if err != nil {
		return artifact.Info{}, fmt.Errorf("put artifact %s: %w", key, err)
	}
	m := meta{File: contentName(path.Base(key)), MediaType: mediaType, ModTime: time.Now().UTC()}
	hash, src := sha256.New(), &source{r: contextReader{ctx, r}}
	content, err := f.writeTemp(func(w io.Writer) (err error) {
		m.Size, err = io.Copy(io.MultiWriter(w, hash), src)
		return err
	})
	if err == nil {
		m.SHA256 = hex.EncodeToString(hash.Sum(nil))
		err = f.publish(key, m, content)
	}
	if src.err != nil {
		return artifact.Info{}, fmt.Errorf("put artifact %s: %w", key, err)
	}
	if err != nil {
		return artifact.Info{}, fmt.Errorf("put artifact %s: %w", key, unavailable(err))
	}
	return m.info(key), nil
}

// publish moves written content into place and makes it the object.
func (f *folder) publish(key string, m meta, content string) error {
	defer f.root.Remove(content) //nolint:errcheck // gone already unless publish failed
	description, err := f.writeTemp(func(w io.Writer) error { return json.NewEncoder(w).Encode(m) })
	if err != nil {
		return err
	}
	defer f.root.Remove(description) //nolint:errcheck // gone already unless publish failed
	dir := path.Dir(key)
	if err := f.makeDirs(dir); err != nil {
		return err
	}
	// A damaged description must not keep its object from being replaced.
	old, _ := f.readMeta(key)
	if err := f.root.Rename(content, path.Join(dir, m.File)); err != nil {
		return err
	}
	if err := f.root.Rename(description, key+metaSuffix); err != nil {
		return errors.Join(err, f.root.Remove(path.Join(dir, m.File)))
	}
	if old.File != "" {
		// Best effort: Delete removes what is left over.
		_ = f.root.Remove(path.Join(dir, old.File))
	}
	return f.syncDir(dir)
}

// Open implements artifact.Store.
func (s *Store) Open(ctx context.Context, key string) (*artifact.File, error) {
	if err := artifact.CheckKey(key); err != nil {
		return nil, err
	}
	f, err := s.folder()
	if err != nil {
		return nil, fmt.Errorf("open artifact %s: %w", key, err)
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m, err := f.readMeta(key)
		if err != nil {
			return nil, unavailable(err)
		}
		content, err := f.root.Open(path.Join(path.Dir(key), m.File))
		if err == nil {
			return &artifact.File{ReadSeekCloser: content, Info: m.info(key)}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("open artifact %s: %w", key, unavailable(err))
		}
		// Replaced or deleted between the two steps. The same description again
		// means that its content is missing for good.
		if again, err := f.readMeta(key); err != nil || again.File == m.File {
			return nil, fmt.Errorf("open artifact %s: %w", key, errors.Join(artifact.ErrNotFound, err))
		}
	}
}

// Delete implements artifact.Store.
func (s *Store) Delete(_ context.Context, key string) error {
	if err := artifact.CheckKey(key); err != nil {
		return err
	}
	f, err := s.folder()
	if err != nil {
		return fmt.Errorf("delete artifact %s: %w", key, err)
	}
	dir := path.Dir(key)
	// A damaged description must not keep its object from being deleted.
	m, _ := f.readMeta(key)
	// The description goes first: an object is never seen without its content.
	err = f.remove(key + metaSuffix)
	if m.File != "" {
		err = errors.Join(err, f.remove(path.Join(dir, m.File)))
	}
	if err := errors.Join(err, f.root.RemoveAll(key)); err != nil {
		return fmt.Errorf("delete artifact %s: %w", key, unavailable(err))
	}
	if err := f.syncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete artifact %s: %w", key, unavailable(err))
	}
	return nil
}

func (f *folder) remove(name string) error {
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (f *folder) readMeta(key string) (meta, error) {
	b, err := f.root.ReadFile(key + metaSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return meta{}, fmt.Errorf("%w: %s", artifact.ErrNotFound, key)
	}
	var m meta
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		return meta{}, fmt.Errorf("description of artifact %s: %w", key, err)
	}
	return m, nil
}

func (m meta) info(key string) artifact.Info {
	return artifact.Info{Key: key, Size: m.Size, SHA256: m.SHA256, MediaType: m.MediaType, ModTime: m.ModTime}
}

// contentName is a name that was never used before, with the extension kept,
// so that the file still opens by a click.
func contentName(base string) string {
	ext := path.Ext(base)
	return strings.TrimSuffix(base, ext) + "~" + strings.ToLower(rand.Text()[:16]) + ext
}

// contextReader ends a long copy when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}

// source remembers that it was the reader that failed, not the store.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
