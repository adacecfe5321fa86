package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/lesson/media"
)

// notYet is what is said of a folder that the first start makes.
func (o Options) notYet(folder string) finding {
	if err := tryFolder(nearest(folder)); err != nil {
		return fail(fmt.Sprintf("%s is not there and can't be made: %s", folder, oneLine(err)),
			"make the folder and give it to the programs' user: install -d -o USER "+folder)
	}
	return saw("not there yet: the first start makes it")
}

func (o Options) diskCheck() check {
	return check{name: "disk", looks: "free space and the right to write where files are kept", run: func(context.Context) finding {
		var says []string
		var f finding
		for _, folder := range o.folders() {
			place := nearest(folder)
			free, err := o.Free(place)
			if err != nil {
				f.fail(fmt.Sprintf("%s: %s", folder, oneLine(err)), "look at the file system: df "+place)
				continue
			}
			says = append(says, fmt.Sprintf("%s %.1f GiB free", folder, float64(free)/(1<<30)))
			remedy := fmt.Sprintf("free space there (df -h %s), or move %s to a larger disk: no lesson is begun with less than %d GiB",
				place, folder, media.MinFree>>30)
			switch {
			case free < media.MinFree:
				f.fail(fmt.Sprintf("%s has %d MiB free, %d are needed", folder, free>>20, media.MinFree>>20), remedy)
			case free < 2*media.MinFree:
				f.warn(fmt.Sprintf("%s has only %d MiB free", folder, free>>20), remedy)
			}
			if folder == artifactFolder(o.ArtifactsURL) {
				continue // the store is tried by itself
			}
			if err := tryFolder(place); err != nil {
				f.fail(oneLine(err), "give the programs' user the right to write in "+place+", or set DATA_DIR and SCRATCH_DIR to a place where it may")
			}
		}
		f.says = strings.Join(says, ", ")
		return f
	}}
}

// folders lists where the programs keep files, each once.
func (o Options) folders() []string {
	all := []string{o.ScratchDir, artifactFolder(o.ArtifactsURL)}
	for _, address := range []string{o.BrokerURL, o.StoreURL, o.DeadLetterStoreURL} {
		if path := filePath(address); path != "" {
			all = append(all, filepath.Dir(path))
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
}

func artifactFolder(address string) string {
	folder, ok := strings.CutPrefix(address, "file:")
	if !ok {
		return ""
	}
	return folder
}

// filePath is the path of an address like sqlite:PATH; "" for a server.
func filePath(address string) string {
	path, ok := strings.CutPrefix(address, "sqlite:")
	if !ok {
		return ""
	}
	return strings.TrimPrefix(path, "//")
}

// nearest is the folder itself, or the nearest above it that is there.
func nearest(folder string) string {
	if abs, err := filepath.Abs(folder); err == nil {
		folder = abs
	}
	for {
		if _, err := os.Stat(folder); err == nil || folder == filepath.Dir(folder) {
			return folder
		}
		folder = filepath.Dir(folder)
	}
}

// tryFolder makes a file in a folder and removes it.
func tryFolder(folder string) error {
	f, err := os.CreateTemp(folder, ".studycast-doctor-")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
