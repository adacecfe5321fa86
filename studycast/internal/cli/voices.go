package cli

import (
	"strings"
)

// voicesCmd lists the voices of a server.
type voicesCmd struct {
	JSON bool `help:"Print the voices as JSON."`

	server `embed:""`
}

// Run prints a table of the voices.
func (c *voicesCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	voices, err := cl.Voices(r.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(r.out, voices)
	}
	t := newTable(
		column{title: "NAME"}, column{title: "LANGUAGE", spare: true}, column{title: "GENDER", spare: true}, column{title: "SUITS", spare: true},
		column{title: "DEFAULT FOR"}, column{title: "CHARACTER", least: 12},
	)
	for _, v := range voices {
		character := cell{text: v.Character}
		if !v.Available {
			character = cell{"not on this server", uneasy}
		}
		t.add(v.Name, v.Language, v.Gender, strings.Join(v.Suits, ", "), strings.Join(v.DefaultFor, ", "), character)
	}
	return t.print(r.out, r.screen)
}
