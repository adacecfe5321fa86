package compose_test

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

// mains are the main functions of our programs.
var mains = map[string]string{
	"gateway": "gateway/cmd/gateway", "status": "services/status/cmd/status", "deadletter": "services/deadletter/cmd/deadletter",
	"video-worker": "video-worker/cmd/video-worker", "audio-worker": "audio-worker/cmd/audio-worker",
}

// TestProgramsTakeTheirVariables starts each program with exactly its variables
// and asks it to check them.
func TestProgramsTakeTheirVariables(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	args := []string{"build", "-buildvcs=false", "-o", bin + "/"}
	for _, main := range mains {
		args = append(args, "./"+main)
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = "../.."
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, string(said))
	p := project(t, "compose.yaml")
	for _, name := range programs {
		s := p.Services[name]
		require.NoError(t, takes(t, filepath.Join(bin, name), s.Environment))
		s.Environment["NO_SUCH_SETTING"] = s.Environment["GRPC_LISTEN"]
		require.ErrorContains(t, takes(t, filepath.Join(bin, name), s.Environment), "NO_SUCH_SETTING")
		delete(s.Environment, "NO_SUCH_SETTING")
		no := "false"
		s.Environment["EXPOSE_ADMIN"] = &no
		require.ErrorContains(t, takes(t, filepath.Join(bin, name), s.Environment), "ADMIN_LISTEN")
		asked := exec.CommandContext(t.Context(), filepath.Join(bin, name), s.HealthCheck.Test[2:]...)
		asked.Env, asked.Dir = []string{"ADMIN_LISTEN=127.0.0.1:1"}, t.TempDir()
		said, err := asked.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(said), "it does not answer", "the health check is one that the program knows")
	}
}

// takes asks the program which variables it has taken.
func takes(t *testing.T, program string, env types.MappingWithEquals) error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "--check-config")
	cmd.Env, cmd.Dir = []string{}, t.TempDir()
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+*value)
	}
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, said)
	}
	for name := range env {
		if !strings.Contains(string(said), "# environment\n"+name+": ") && !strings.Contains(string(said), "# environment\n"+name+":\n") {
			return fmt.Errorf("%s has no setting %s", program, name)
		}
	}
	return nil
}

// TestPortsAreTheDefaults compares ports with those that docs/configuration.md
// names, and addresses with the services that they lead to.
func TestPortsAreTheDefaults(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	row := func(variable string) string {
		return regexp.MustCompile("(?m)^\\| `" + variable + "` .*$").FindString(string(docs))
	}
	port := func(address string) string {
		_, port, err := net.SplitHostPort(address)
		require.NoError(t, err)
		return port
	}
	p := project(t, "compose.yaml")
	for _, name := range programs {
		env := p.Services[name].Environment
		for _, variable := range []string{"GRPC_LISTEN", "ADMIN_LISTEN"} {
			require.Contains(t, row(variable), "`127.0.0.1:"+port(*env[variable])+"` "+name, "%s of %s", variable, name)
		}
		for _, variable := range []string{"STATUS_ADDRESS", "DEADLETTER_ADDRESS"} {
			if address := env[variable]; address != nil {
				require.Contains(t, row(variable), "127.0.0.1:"+port(*address))
			}
		}
		for _, variable := range []string{"BROKER_URL", "STORE_URL"} {
			if address := env[variable]; address != nil {
				u, err := url.Parse(*address)
				require.NoError(t, err)
				require.Contains(t, p.ServiceNames(), u.Hostname())
			}
		}
	}
	gateway := p.Services["gateway"]
	require.Equal(t, port(*gateway.Environment["LISTEN"]), fmt.Sprint(gateway.Ports[0].Target))
}

// TestPrometheusFindsThePrograms compares its targets with the services.
func TestPrometheusFindsThePrograms(t *testing.T) {
	t.Parallel()
	config, err := os.ReadFile("../observability/prometheus.yaml")
	require.NoError(t, err)
	p := project(t, "compose.yaml")
	targets := regexp.MustCompile(`names: \[([\w-]+)\], type: A, port: (\d+)`).FindAllStringSubmatch(string(config), -1)
	for _, name := range programs {
		_, port, err := net.SplitHostPort(*p.Services[name].Environment["ADMIN_LISTEN"])
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(targets, func(m []string) bool { return m[1] == name && m[2] == port }), "%s:%s", name, port)
	}
	for _, m := range targets {
		require.Contains(t, p.ServiceNames(), m[1])
	}
	require.Contains(t, p.ServiceNames(), "alertmanager")
}

// TestBrokerUsersAreThoseOfTheDefinitions compares users and passwords.
func TestBrokerUsersAreThoseOfTheDefinitions(t *testing.T) {
	t.Parallel()
	definitions, err := os.ReadFile("../rabbitmq/definitions.json")
	require.NoError(t, err)
	start, err := os.ReadFile("start-rabbitmq.sh")
	require.NoError(t, err)
	p := project(t, "compose.yaml")
	for _, m := range regexp.MustCompile(`"name": "([\w-]+)",\s+"password_hash"`).FindAllStringSubmatch(string(definitions), -1) {
		user := m[1]
		variable := "BROKER_PASSWORD_" + strings.ToUpper(strings.ReplaceAll(user, "-", "_"))
		require.Contains(t, string(start), fmt.Sprintf("printf %%s \"$%s\" >\"$folder/%s\"\n", variable, user))
		password := p.Services["rabbitmq"].Environment[variable]
		require.NotNil(t, password, variable)
		if s, ok := p.Services[user]; ok {
			require.Equal(t, "amqp://"+user+":"+*password+"@rabbitmq:5672/studycast", *s.Environment["BROKER_URL"])
			require.GreaterOrEqual(t, len(*password), 16, "set-passwords.sh takes no shorter one")
		}
	}
}
