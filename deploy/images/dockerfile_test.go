package images_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// instruction is one of a Dockerfile, without its options.
type instruction struct {
	word, rest string
	options    []string
}

// stage is what stands between two FROMs.
type stage struct {
	name, from   string
	instructions []instruction
}

var option = regexp.MustCompile(`^--\S+\s+`)

// parse reads the part of the language that our Dockerfile uses: comments,
// continued lines, options, stages.
func parse(text string) (global []instruction, stages []stage, err error) {
	text = regexp.MustCompile(`(?m)^\s*#.*\n`).ReplaceAllString(text, "")
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		i := instruction{word: word, rest: strings.TrimSpace(rest)}
		for option.MatchString(i.rest) {
			o := option.FindString(i.rest)
			i.options, i.rest = append(i.options, strings.TrimSpace(o)), i.rest[len(o):]
		}
		switch {
		case word == "FROM":
			from, name, named := strings.Cut(i.rest, " AS ")
			if !named {
				return nil, nil, fmt.Errorf("stage without a name: %s", line)
			}
			stages = append(stages, stage{name: name, from: from})
		case !slices.Contains([]string{"ARG", "RUN", "COPY", "LABEL", "ENV", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}, word):
			return nil, nil, fmt.Errorf("what is this: %s", line)
		case len(stages) == 0:
			global = append(global, i)
		default:
			last := &stages[len(stages)-1]
			last.instructions = append(last.instructions, i)
		}
	}
	return global, stages, nil
}

// all returns what the instructions of a word say, in a stage and those that it
// is built on, the innermost first.
func all(stages []stage, name, word string) []string {
	var said []string
	for _, s := range stages {
		if s.name != name {
			continue
		}
		said = append(said, all(stages, s.from, word)...)
		for _, i := range s.instructions {
			if i.word == word {
				said = append(said, i.rest)
			}
		}
	}
	return said
}

// row is an image of images.tsv.
type row struct{ program, module, main, base, arguments, title string }

func rows(t *testing.T) []row {
	t.Helper()
	text, err := os.ReadFile("images.tsv")
	require.NoError(t, err)
	var all []row
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSpace(line), "\t")
		require.Len(t, f, 6, line)
		all = append(all, row{f[0], f[1], f[2], f[3], f[4], f[5]})
	}
	return all
}

func dockerfile(t *testing.T) []stage {
	t.Helper()
	text, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	_, stages, err := parse(string(text))
	require.NoError(t, err)
	return stages
}

func TestBothWaysBuildTheSameImages(t *testing.T) {
	t.Parallel()
	require.NoError(t, same(dockerfile(t), rows(t)))
}

// same compares the Dockerfile with the list of images.
func same(stages []stage, rows []row) error {
	var targets, programs []string
	for _, s := range stages {
		if len(all([]stage{s}, s.name, "ENTRYPOINT")) > 0 {
			targets = append(targets, s.name)
		}
	}
	for _, r := range rows {
		programs = append(programs, r.program)
		label := fmt.Sprintf("org.opencontainers.image.title=%q org.opencontainers.image.description=%q", r.program, r.title)
		var arguments []string
		if r.arguments != "-" {
			arguments = []string{fmt.Sprintf("[%q]", r.arguments)}
		}
		run := fmt.Sprintf(`cd %s && GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -ldflags "${LDFLAGS}" -o /out/%s %s`, r.module, r.program, r.main)
		path := "/usr/local/bin/" + r.program
		entry, err := json.Marshal([]string{path})
		if err != nil {
			return err
		}
		for what, pair := range map[string][2][]string{
			"entry point": {all(stages, r.program, "ENTRYPOINT"), {string(entry)}},
			"arguments":   {all(stages, r.program, "CMD"), arguments},
			"user":        {all(stages, r.program, "USER"), {"65532:65532"}},
			"folder":      {all(stages, r.program, "WORKDIR"), {"/data"}},
			"environment": {all(stages, r.program, "ENV"), {"PATH=/usr/local/bin:/usr/bin:/bin DATA_DIR=/data SCRATCH_DIR=/scratch LOG_FORMAT=json"}},
			"title":       {all(stages, r.program, "LABEL")[1:], {label}},
			"build":       {last(all(stages, "build-"+r.program, "RUN")), {run}},
			"binary":      {last(all(stages, r.program, "COPY")), {"/out/" + r.program + " " + path}},
		} {
			if !slices.Equal(pair[0], pair[1]) {
				return fmt.Errorf("%s: the Dockerfile's %s is %q, not %q", r.program, what, pair[0], pair[1])
			}
		}
		if base := from(stages, r.program); base != r.base {
			return fmt.Errorf("%s: the Dockerfile builds it on %s, not %s", r.program, base, r.base)
		}
	}
	if !slices.Equal(targets, programs) {
		return fmt.Errorf("the Dockerfile has the targets %q, images.tsv %q", targets, programs)
	}
	return nil
}

func last(s []string) []string { return s[max(len(s)-1, 0):] }

func from(stages []stage, name string) string {
	for _, s := range stages {
		if s.name == name {
			return s.from
		}
	}
	return ""
}

func TestDifferencesAreFound(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	for says, change := range map[string][2]string{
		"status: the Dockerfile's user":           {"USER 65532:65532", "USER root"},
		"studycast: the Dockerfile's arguments":   {`CMD ["serve"]`, `CMD ["demo"]`},
		"gateway: the Dockerfile's entry point":   {`["/usr/local/bin/gateway"]`, `["/bin/sh"]`},
		"deadletter: the Dockerfile's build":      {"./deadletter/cmd/deadletter", "./status/cmd/status"},
		"audio-worker: the Dockerfile builds it ": {"FROM media AS audio-worker", "FROM static AS audio-worker"},
		"the Dockerfile has the targets":          {"FROM static AS gateway", "FROM static AS extra\nENTRYPOINT [\"/x\"]\nFROM static AS gateway"},
	} {
		_, stages, err := parse(strings.Replace(string(text), change[0], change[1], 1))
		require.NoError(t, err)
		if change[1] == "USER root" { // of the base that status has
			require.ErrorContains(t, same(stages, rows(t)[1:]), says)
			continue
		}
		require.ErrorContains(t, same(stages, rows(t)), says)
	}
	_, _, err = parse("FROM scratch AS x\nEXPOSE 80\n")
	require.ErrorContains(t, err, "what is this")
}
