package app

import (
	"encoding/json"
	"fmt"

	"github.com/go-chi/chi/v5"

	"github.com/studycast/studycast/gateway/internal/rest"
)

// OpenAPI returns the document of a gateway of a version, as /openapi.json
// serves it: for generators of clients, without a gateway that runs.
func OpenAPI(version string) ([]byte, error) {
	doc, err := json.Marshal(rest.Mount(chi.NewRouter(), rest.Options{Version: version}).OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("encode the OpenAPI document: %w", err)
	}
	return doc, nil
}
