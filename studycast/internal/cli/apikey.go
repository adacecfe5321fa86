package cli

import (
	"fmt"

	gateway "github.com/studycast/studycast/gateway/app"
)

// apiKeyCmd makes an API key.
type apiKeyCmd struct {
	Name  string   `arg:"" help:"Name of the service: small letters, digits and dashes. Its jobs belong to service:NAME; a second key of the same name shares them."`
	Role  []string `help:"What the key may do: service (its own jobs) or operator (everybody's jobs and dead letters)." enum:"service,operator" default:"service"`
	Scope []string `help:"Only these parts of the API, after commas: jobs:read, jobs:write, webhooks:read, webhooks:write, and with the role operator deadletters:read, deadletters:write, deadletters:edit, queues:read, queues:write. All that the roles may do by default, but for deadletters:edit, which has to be named."`
}

// Run prints the key and its line. The key is stored nowhere.
func (c apiKeyCmd) Run(r *run) error {
	var roles []gateway.Role
	for _, name := range c.Role {
		roles = append(roles, gateway.Role(name))
	}
	var scopes []gateway.Scope
	for _, name := range c.Scope {
		scopes = append(scopes, gateway.Scope(name))
	}
	key, line, err := gateway.NewAPIKey(c.Name, roles, scopes)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, "Key, shown only now, to be sent as Authorization: Bearer KEY (or STUDYCAST_TOKEN):\n%s\n\nLine for API_KEYS_FILE; without it the key is revoked:\n%s\n", key, line)
	return err
}
