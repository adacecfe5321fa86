package config

import "fmt"

// Parking says how jobs go on that waited for something that was down.
type Parking struct {
	ParkRate int `help:"How many jobs of a kind go on in a second when what they waited for answers again." default:"5" env:"PARK_RATE"`
}

// mostParkRate is as many as one round of the upkeep lets go in a second.
const mostParkRate = 200

// Check bounds the rate.
func (p Parking) Check() error {
	if p.ParkRate < 1 || p.ParkRate > mostParkRate {
		return fmt.Errorf("PARK_RATE %d: use 1 to %d", p.ParkRate, mostParkRate)
	}
	return nil
}
