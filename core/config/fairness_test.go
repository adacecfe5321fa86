package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
)

func TestOwnerWeights(t *testing.T) {
	t.Parallel()
	got, err := config.Fairness{OwnerWeights: []string{"school-a=4", "auth0|x==2", "*=3"}}.Weights()
	require.NoError(t, err)
	require.Equal(t, map[string]int{"school-a": 4, "auth0|x=": 2, "*": 3}, got)
	for pair, says := range map[string]string{
		"a": "pairs", "=1": "pairs", "a=": "whole number", "a=0": "1 to 100", "a=101": "1 to 100", "a=1.5": "whole number",
	} {
		require.ErrorContains(t, config.Fairness{OwnerWeights: []string{pair}}.Check(), says, pair)
	}
	require.ErrorContains(t, config.Fairness{OwnerWeights: []string{"a=1", "a=2"}}.Check(), "twice")
	require.NoError(t, config.Fairness{}.Check())
}
