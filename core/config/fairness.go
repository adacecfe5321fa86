package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Fairness says how owners share the workers while more is asked for than they
// can make.
type Fairness struct {
	OwnerWeights []string `help:"Shares of owners while jobs wait for a worker, after commas: one of weight 2 gets twice as many turns as one of weight 1. * stands for everybody who is not named; their weight is 1 otherwise." env:"OWNER_WEIGHTS" placeholder:"school-a=4,*=1"`
}

// mostWeight keeps the share of the least owner in sight.
const mostWeight = 100

// Check checks the weights.
func (f Fairness) Check() error {
	_, err := f.Weights()
	return err
}

// Weights returns the weights by owner. Owners may hold a "=" themselves.
func (f Fairness) Weights() (map[string]int, error) {
	weights := map[string]int{}
	for _, pair := range f.OwnerWeights {
		at := strings.LastIndexByte(pair, '=')
		if at < 1 {
			return nil, fmt.Errorf("OWNER_WEIGHTS %q: use pairs like school-a=4", pair)
		}
		owner, number := pair[:at], pair[at+1:]
		weight, err := strconv.Atoi(number)
		if err != nil || weight < 1 || weight > mostWeight {
			return nil, fmt.Errorf("OWNER_WEIGHTS %q: use a whole number from 1 to %d as weight", pair, mostWeight)
		}
		if _, twice := weights[owner]; twice {
			return nil, fmt.Errorf("OWNER_WEIGHTS names %q twice: leave one out", owner)
		}
		weights[owner] = weight
	}
	return weights, nil
}
