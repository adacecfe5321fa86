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

// Store is a directory of artifacts.
type Store struct {
	root *os.Root // confines every path, whatever links lie in the directory
	temp *scratch.Dir
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
	temp, err := scratch.Open(filepath.Join(dir, tempDir))
	if err != nil {
		return nil, fmt.Errorf("artifact directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("artifact directory: %w", err), temp.Close())
	}
	return &Store{root: root, temp: temp}, nil
}

// Close frees the store. Files that were opened stay readable.
func (s *Store) Close() error { return errors.Join(s.temp.Close(), s.root.Close()) }

// Put implements artifact.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, mediaType string) (artifact.Info, error) {
	if err := artifact.CheckKey(key); err != nil {
		return artifact.Info{}, err
	}
	m := meta{File: contentName(path.Base(key)), MediaType: mediaType, ModTime: time.Now().UTC()}
	hash := sha256.New()
	content, err := s.writeTemp(func(f io.Writer) (err error) {
		m.Size, err = io.Copy(io.MultiWriter(f, hash), contextReader{ctx, r})
		return err
	})
	if err != nil {
		return artifact.Info{}, fmt.Errorf("put artifact %s: %w", key, err)
	}
	m.SHA256 = hex.EncodeToString(hash.Sum(nil))
	if err := s.publish(key, m, content); err != nil {
		return artifact.Info{}, fmt.Errorf("put artifact %s: %w", key, err)
	}
	return m.info(key), nil
}

// publish moves written content into place and makes it the object.
func (s *Store) publish(key string, m meta, content string) error {
	defer s.root.Remove(content) //nolint:errcheck // gone already unless publish failed
	description, err := s.writeTemp(func(f io.Writer) error { return json.NewEncoder(f).Encode(m) })
	if err != nil {
		return err
	}
	defer s.root.Remove(description) //nolint:errcheck // gone already unless publish failed
	dir := path.Dir(key)
	if err := s.makeDirs(dir); err != nil {
		return err
	}
	// A damaged description must not keep its object from being replaced.
	old, _ := s.readMeta(key)
	if err := s.root.Rename(content, path.Join(dir, m.File)); err != nil {
		return err
	}
	if err := s.root.Rename(description, key+metaSuffix); err != nil {
		return errors.Join(err, s.root.Remove(path.Join(dir, m.File)))
	}
	if old.File != "" {
		// Best effort: Delete removes what is left over.
		_ = s.root.Remove(path.Join(dir, old.File))
	}
	return s.syncDir(dir)
}

// Open implements artifact.Store.
func (s *Store) Open(ctx context.Context, key string) (*artifact.File, error) {
	if err := artifact.CheckKey(key); err != nil {
		return nil, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m, err := s.readMeta(key)
		if err != nil {
			return nil, err
		}
		f, err := s.root.Open(path.Join(path.Dir(key), m.File))
		if err == nil {
			return &artifact.File{ReadSeekCloser: f, Info: m.info(key)}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("open artifact %s: %w", key, err)
		}
		// Replaced or deleted between the two steps. The same description again
		// means that its content is missing for good.
		if again, err := s.readMeta(key); err != nil || again.File == m.File {
			return nil, fmt.Errorf("open artifact %s: %w", key, errors.Join(artifact.ErrNotFound, err))
		}
	}
}

// Delete implements artifact.Store.
func (s *Store) Delete(_ context.Context, key string) error {
	if err := artifact.CheckKey(key); err != nil {
		return err
	}
	dir := path.Dir(key)
	// A damaged description must not keep its object from being deleted.
	m, _ := s.readMeta(key)
	// The description goes first: an object is never seen without its content.
	err := s.remove(key + metaSuffix)
	if m.File != "" {
		err = errors.Join(err, s.remove(path.Join(dir, m.File)))
	}
	if err := errors.Join(err, s.root.RemoveAll(key)); err != nil {
		return fmt.Errorf("delete artifact %s: %w", key, err)
	}
	if err := s.syncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete artifact %s: %w", key, err)
	}
	return nil
}

func (s *Store) remove(name string) error {
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s *Store) readMeta(key string) (meta, error) {
	b, err := s.root.ReadFile(key + metaSuffix)
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
