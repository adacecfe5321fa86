package cli

import (
	"bytes"
	"encoding/json"

	gateway "github.com/studycast/studycast/gateway/app"
)

// openAPICmd prints what a server of this version serves as /openapi.json.
type openAPICmd struct{}

// Run prints the document, indented.
func (openAPICmd) Run(r *run) error {
	doc, err := gateway.OpenAPI(r.version)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, doc, "", "  "); err != nil {
		return err
	}
	out.WriteByte('\n')
	_, err = r.out.Write(out.Bytes())
	return err
}
