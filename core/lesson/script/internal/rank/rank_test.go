package rank

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

func index(sentences ...string) *Index {
	st := NewStemmer(prose.For("en"))
	var stems [][]string
	for _, s := range sentences {
		stems = append(stems, st.Stems(s))
	}
	return New(stems)
}

func TestCentrality(t *testing.T) {
	t.Parallel()
	x := index(
		"Vaccines train the immune system to recognise germs.",
		"The immune system recognises germs by their antigens.",
		"Germs carry antigens that the immune system knows.",
		"Bakers sell bread on Sunday mornings.",
	)
	c := x.Centrality()
	for _, central := range c[:3] {
		require.Greater(t, central, c[3])
		require.LessOrEqual(t, central, 1.0)
	}
	require.Greater(t, x.Similarity(1, 2), x.Similarity(0, 3))
	require.InDelta(t, 1, x.Similarity(0, 0), 1e-9)
}

func TestStems(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"vaccin", "train", "cell"}, NewStemmer(prose.For("en")).Stems("The vaccines are training the cells"))
	require.Equal(t, []string{"kaupungi", "katu"}, NewStemmer(prose.For("fi")).Stems("Kaupungissa katu"))
}

func TestTerms(t *testing.T) {
	t.Parallel()
	terms := Terms(prose.For("en"), []string{
		"The tidal power station opened in spring.", "A tidal power station turns tides into electricity.", "Nobody visits the tidal power station.",
	})
	require.NotEmpty(t, terms)
	require.Equal(t, "tidal power station", terms[0].Text)
}

func TestEmptySentences(t *testing.T) {
	t.Parallel()
	require.NotPanics(t, func() { New([][]string{{}, {}}).Centrality() })
}
