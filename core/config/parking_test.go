package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
)

func TestParking(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 5, 200} {
		require.NoError(t, config.Parking{ParkRate: n}.Check())
	}
	for _, n := range []int{-1, 0, 201} {
		require.ErrorContains(t, config.Parking{ParkRate: n}.Check(), "PARK_RATE")
	}
}
