package images_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the folder of the repository, which images are built from.
const root = "../.."

func TestWhatIsCopiedExistsAndIsNotIgnored(t *testing.T) {
	t.Parallel()
	ignored, err := os.ReadFile("Dockerfile.dockerignore")
	require.NoError(t, err)
	copied := 0
	for _, s := range dockerfile(t) {
		for _, i := range s.instructions {
			if i.word != "COPY" || strings.Contains(strings.Join(i.options, " "), "--from=") {
				continue
			}
			words := strings.Fields(i.rest)
			for _, path := range words[:len(words)-1] {
				copied++
				_, err := os.Stat(filepath.Join(root, path))
				require.NoError(t, err)
				require.Regexp(t, `(?m)^!`+regexp.QuoteMeta(strings.SplitN(path, "/", 2)[0]), string(ignored), path)
			}
		}
	}
	require.Greater(t, copied, 10)
}

func TestVersionsOfTheDockerfileAreThoseOfTheRepository(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	require.Contains(t, string(text), "ARG GO_VERSION="+strings.TrimPrefix(runtime.Version(), "go")+"\n")
	bases, err := os.ReadFile("base.sh")
	require.NoError(t, err)
	suite := regexp.MustCompile(`(?m)^suite=(\w+)$`).FindSubmatch(bases)
	require.NotNil(t, suite)
	require.Contains(t, string(text), "ARG DEBIAN_VERSION="+string(suite[1])+"\n")
	for _, name := range []string{"GO", "NODE", "DEBIAN", "STATIC"} {
		require.Contains(t, string(text), "${"+name+"_DIGEST} AS ", "the base can be pinned")
	}
}

// TestCopiedFoldersAreEnough builds a program from nothing but what the
// Dockerfile copies, without the workspace.
func TestCopiedFoldersAreEnough(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range all(dockerfile(t), "source", "COPY") {
		folder := strings.Fields(path)[0]
		if !strings.HasPrefix(folder, "/") {
			copyFolder(t, folder, dir)
		}
	}
	const program = "status"
	for _, r := range rows(t) {
		if r.program == program {
			cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", filepath.Join(dir, "out"), r.main)
			cmd.Dir = filepath.Join(dir, r.module)
			cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0", "GOTOOLCHAIN=local")
			said, err := cmd.CombinedOutput()
			require.NoError(t, err, string(said))
			return
		}
	}
	t.Fatal("there is no program " + program)
}

// copyFolder copies what .dockerignore lets through.
func copyFolder(t *testing.T, folder, into string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == "node_modules" || e.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !e.Type().IsRegular() || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		to := filepath.Join(into, rel)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o600)
	})
	require.NoError(t, err)
}

func TestPackagesAreOneList(t *testing.T) {
	t.Parallel()
	for file, reads := range map[string][]string{
		"base.sh":    {`"$here/media/packages"`, `"$here/media/dpkg.cfg"`, `"$here"/media/passwd`},
		"Dockerfile": {"/media/packages", "deploy/images/media/dpkg.cfg", "/media/passwd"},
	} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, path := range reads {
			require.Contains(t, string(text), path)
		}
		require.NotRegexp(t, `ffmpeg|flite|espeak|poppler`, string(text), "packages are named in media/packages alone")
	}
	list, err := os.ReadFile("media/packages")
	require.NoError(t, err)
	for program, name := range map[string]string{"ffmpeg": "ffmpeg", "flite": "flite", "espeak-ng": "espeak-ng", "pdftotext": "poppler-utils", "prlimit": "util-linux"} {
		require.Regexp(t, `(?m)^`+name+`$`, string(list), program)
	}
}
