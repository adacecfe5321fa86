package verify

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed crds.txt
var crdList string

// source is one line of crds.txt.
type source struct{ module, version, sum, files string }

// CRDs returns the files with the CRDs, taken from Go modules, which the go
// command downloads (14 MB in all) unless the module cache has them. What has
// another checksum than crds.txt says is an error.
func CRDs(ctx context.Context) ([]string, error) {
	sources, err := parseSources(crdList)
	if err != nil {
		return nil, err
	}
	folders, err := download(ctx, sources)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, s := range sources {
		for _, name := range expand(s.files) {
			file := filepath.Join(folders[s.module], filepath.FromSlash(name))
			if _, err := os.Stat(file); err != nil {
				return nil, fmt.Errorf("crds.txt: %w", err)
			}
			files = append(files, file)
		}
	}
	return files, nil
}

func parseSources(text string) ([]source, error) {
	var all []source
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case len(words) == 4:
			all = append(all, source{words[0], words[1], words[2], words[3]})
		default:
			return nil, fmt.Errorf("crds.txt: %q: use module, version, checksum, files", strings.TrimSpace(line))
		}
	}
	return all, nil
}

// download returns the folder of each module.
func download(ctx context.Context, sources []source) (map[string]string, error) {
	args := []string{"mod", "download", "-json"}
	sums := map[string]string{}
	for _, s := range sources {
		args = append(args, s.module+"@"+s.version)
		sums[s.module] = s.sum
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = os.TempDir() // in no module
	// The checksums are here: the database of them need not be asked.
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GONOSUMDB=*")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("download the modules of the CRDs: %w\n%s", err, out)
	}
	folders := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Dir, Sum string }
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return folders, nil
		} else if err != nil {
			return nil, err
		}
		if m.Sum != sums[m.Path] {
			return nil, fmt.Errorf("%s has the checksum %s, crds.txt says %s", m.Path, m.Sum, sums[m.Path])
		}
		folders[m.Path] = m.Dir
	}
}

// expand spells a{b,c}d out.
func expand(s string) []string {
	before, rest, ok := strings.Cut(s, "{")
	inside, after, ok2 := strings.Cut(rest, "}")
	if !ok || !ok2 {
		return []string{s}
	}
	var all []string
	for one := range strings.SplitSeq(inside, ",") {
		all = append(all, before+one+after)
	}
	return all
}
