package compose_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

// programs are ours; images.tsv beside the Dockerfile names them, too.
var programs = []string{"gateway", "status", "deadletter", "video-worker", "audio-worker"}

// load reads the files as `docker compose` does: it checks them against the
// schema and puts the values of example.env in.
func load(t *testing.T, files ...string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions(files, cli.WithWorkingDirectory("."), cli.WithEnvFiles("example.env"), cli.WithDotEnv)
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

func project(t *testing.T, files ...string) *types.Project {
	t.Helper()
	p, err := load(t, files...)
	require.NoError(t, err)
	return p
}

// spoiled loads compose.yaml with a text in place of another, from beside it.
func spoiled(t *testing.T, old, text string) (*types.Project, error) {
	t.Helper()
	all, err := os.ReadFile("compose.yaml")
	require.NoError(t, err)
	require.Contains(t, string(all), old)
	file, err := os.CreateTemp(".", "spoiled-*.yaml")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.Remove(file.Name())) })
	_, err = file.WriteString(strings.Replace(string(all), old, text, 1))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	return load(t, file.Name())
}

func TestFilesAreGood(t *testing.T) {
	t.Parallel()
	require.NoError(t, examine(project(t, "compose.yaml")))
	require.NoError(t, examine(project(t, "compose.yaml", "compose.cluster.yaml")))
}

// examine looks for what the schema does not say.
func examine(p *types.Project) error {
	for _, name := range programs {
		s, ok := p.Services[name]
		if !ok {
			return fmt.Errorf("%s is missing", name)
		}
		if want := "studycast/" + name + ":dev"; s.Image != want {
			return fmt.Errorf("%s has the image %s, not %s", name, s.Image, want)
		}
		if s.User != "65532:65532" || s.Build == nil || s.Build.Target != name {
			return fmt.Errorf("%s: user %s, build %+v", name, s.User, s.Build)
		}
		if want := []string{"CMD", "/usr/local/bin/" + name, "--probe"}; s.HealthCheck == nil || !slices.Equal(s.HealthCheck.Test, want) {
			return fmt.Errorf("%s has no health check with what is in its image: %q", name, want)
		}
	}
	for name, s := range p.Services {
		if err := restricted(s); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := mounted(p, s); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				return fmt.Errorf("%s is open to others: %s:%s", name, port.HostIP, port.Published)
			}
		}
	}
	return nil
}

// tag is a version of an image that does not move.
var tag = regexp.MustCompile(`:v?\d+\.\d+\S*$`)

func restricted(s types.ServiceConfig) error {
	switch {
	case !s.ReadOnly:
		return fmt.Errorf("its root can be written")
	case !slices.Equal(s.CapDrop, []string{"ALL"}) || s.Privileged:
		return fmt.Errorf("it has capabilities")
	case !slices.Contains(s.SecurityOpt, "no-new-privileges:true"):
		return fmt.Errorf("it may get new privileges")
	case (s.User == "" || strings.HasPrefix(s.User, "0:") || s.User == "root") && s.NetworkMode != "none":
		return fmt.Errorf("it runs as root")
	case len(s.CapAdd) > 0 && (s.NetworkMode != "none" || s.Restart != "no"):
		return fmt.Errorf("it has the capabilities %q", s.CapAdd)
	case s.Build == nil && !tag.MatchString(s.Image):
		return fmt.Errorf("the image %s has no fixed version", s.Image)
	case s.HealthCheck == nil && s.Restart != "no":
		return fmt.Errorf("nobody asks whether it works")
	}
	return nil
}

// mounted says whether what is mounted is there and cannot be written, and
// whether each volume is declared.
func mounted(p *types.Project, s types.ServiceConfig) error {
	for _, v := range s.Volumes {
		switch v.Type {
		case types.VolumeTypeBind:
			if _, err := os.Stat(v.Source); err != nil {
				return err
			}
			if !v.ReadOnly {
				return fmt.Errorf("%s can be written", v.Source)
			}
		case types.VolumeTypeVolume:
			if _, ok := p.Volumes[v.Source]; !ok {
				return fmt.Errorf("the volume %s is not declared", v.Source)
			}
		}
	}
	return nil
}

func TestWhatIsWrongIsFound(t *testing.T) {
	t.Parallel()
	for says, change := range map[string][2]string{
		"read_only":                     {"read_only: true", "read_only: perhaps"},
		"memory_limit":                  {"mem_limit: 3g", "memory_limit: 3g"},
		"undefined network":             {"networks: [inside, outside]", "networks: [inside, elsewhere]"},
		"can be written":                {"read_only: true", "read_only: false"},
		"it has capabilities":           {"cap_drop: [ALL]", "cap_drop: [NET_RAW]"},
		"gateway: user root":            {`user: "65532:65532"`, "user: root"},
		"set-words.sh":                  {"../rabbitmq/set-passwords.sh", "../rabbitmq/set-words.sh"},
		"has no fixed version":          {"rabbitmq:4.1.4-management", "rabbitmq:latest"},
		"is open to others":             {"${STUDYCAST_ADDRESS:-127.0.0.1}", "0.0.0.0"},
		"no health check":               {"[CMD, /usr/local/bin/gateway, --probe]", "[CMD, curl, localhost]"},
		"not studycast/gateway:dev":     {"studycast/gateway:", "studycast/gate:"},
		"copy example.env to .env":      {"${LINK_SECRET:?", "${NO_SUCH_SECRET:?"},
		"depends on undefined service ": {"rabbitmq: {condition: service_healthy}", "rabbit: {condition: service_healthy}"},
	} {
		p, err := spoiled(t, change[0], change[1])
		if err == nil {
			err = examine(p)
		}
		require.ErrorContains(t, err, says)
	}
}

func TestClusterIsThreeNodes(t *testing.T) {
	t.Parallel()
	p := project(t, "compose.yaml", "compose.cluster.yaml")
	conf, err := os.ReadFile("../rabbitmq/cluster-compose.conf")
	require.NoError(t, err)
	data := map[string]bool{}
	for i, name := range []string{"rabbitmq", "rabbitmq-2", "rabbitmq-3"} {
		s := p.Services[name]
		node := fmt.Sprintf("rabbitmq-%d", i+1)
		require.Equal(t, node, s.Hostname)
		require.Contains(t, string(conf), "rabbit@"+node+"\n")
		names := append([]string{name}, s.Networks["inside"].Aliases...)
		require.Contains(t, names, node, "the others find it")
		require.Contains(t, names, "rabbitmq", "programs find it")
		var targets []string
		for _, v := range s.Volumes {
			targets = append(targets, v.Target)
			if v.Target == "/var/lib/rabbitmq" {
				require.False(t, data[v.Source], "a folder of its own")
				data[v.Source] = true
			}
		}
		require.Contains(t, targets, "/etc/rabbitmq/conf.d/90-cluster.conf")
		require.Contains(t, targets, "/etc/rabbitmq/rabbitmq.conf")
		require.Contains(t, targets, "/etc/studycast/definitions.json")
	}
	require.Len(t, data, 3)
}
