package rest

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/job"
)

// keptTimeout bounds the look at what is kept: no other answer waits longer.
const keptTimeout = 3 * time.Second

// Stages says what another attempt of a job would find kept by earlier ones,
// and what it would run.
type Stages struct {
	Reused []string `json:"reused" nullable:"false" doc:"Stages whose results are kept from earlier attempts."`
	Again  []string `json:"again" nullable:"false" doc:"Stages that run; narrate speaks only the sentences that are not kept."`
}

// stages returns nil when it can't be told: that spoils no other answer.
func (a *API) stages(ctx context.Context, id job.ID, owner string, r job.Request) *Stages {
	if a.Kept == nil {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, keptTimeout)
	defer done()
	reused, again, err := a.Kept(ctx, id, owner, r)
	if err != nil {
		a.Logger.WarnContext(ctx, "it can't be told which stages of a job are kept", "job", string(id), "error", err)
		return nil
	}
	return &Stages{Reused: append([]string{}, reused...), Again: append([]string{}, again...)}
}
