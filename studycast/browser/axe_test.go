package browser

import (
	"fmt"
	"os"

	"github.com/stretchr/testify/require"
)

// axe is the accessibility checker, installed with the tools of the front end.
const axe = "../../gateway/web/node_modules/axe-core/axe.min.js"

// loadAxe makes the checker known to the page.
func (b *tab) loadAxe() {
	b.t.Helper()
	if eval[bool](b, `typeof axe === 'object'`) {
		return
	}
	code, err := os.ReadFile(axe)
	require.NoError(b.t, err, "run `make web` first: it installs the checker")
	eval[bool](b, string(code)+"; true")
}

// requireAccessible runs axe on the page as it is: nothing serious may be wrong.
func (b *tab) requireAccessible(where string) {
	b.t.Helper()
	b.loadAxe()
	found := eval[[]string](b, `axe.run({ resultTypes: ['violations'] }).then((r) => r.violations
		.filter((v) => v.impact === 'serious' || v.impact === 'critical')
		.map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(', ')))`)
	require.Empty(b.t, found, fmt.Sprintf("%s at %s", where, eval[string](b, `location.pathname`)))
}
