package rest

import (
	"encoding/hex"
	"encoding/json"
	"time"
)

const (
	letterID    = "0199f1a2-9d40-7c02-8a55-3f1d0b7c6e21"
	replayID    = "0199f1a3-0d2e-7c11-a3b8-6e4f5a9c7d20"
	samplePrint = "6f1c0a9be2d47358"
)

func sampleLetter() DeadLetter {
	died := sampleTime.Add(time.Minute)
	return DeadLetter{
		ID: letterID, State: "open", JobID: sampleID, JobState: "failed", Kind: "video", Owner: "ann", Queue: "video-generation",
		Fault:   Fault{Kind: "dependency", Text: "The voice can't be reached.", Stage: "narrate", At: died},
		Attempt: 4, Copies: 1, DiedAt: &died, StoredAt: died, Schema: 1, Fingerprint: samplePrint,
	}
}

func sampleStages() *Stages {
	return &Stages{Reused: []string{"fetch", "extract", "script"}, Again: []string{"narrate", "draw", "encode", "publish"}}
}

func wholeSample() DeadLetter {
	l, ended := sampleLetter(), sampleTime.Add(time.Minute)
	l.Attempts = []LetterAttempt{{
		Attempt: 4, Worker: "studio-1/video-worker/4711", StartedAt: &sampleTime, EndedAt: &ended, Error: "The voice can't be reached.",
	}}
	l.Origin = &LetterOrigin{Exchange: "studycast.jobs", RoutingKey: "video-generation"}
	l.Request = &LetterRequest{Kind: "video", Source: sampleSource, Options: JobOptions{Length: "short"}}
	l.Body = &LetterBody{Size: 6, Base64: []byte("a body"), Text: "a body", Hex: hex.Dump([]byte("a body"))}
	l.Stages = sampleStages()
	return l
}

func sampleGroup() LetterGroup {
	first, last := sampleTime, sampleTime.Add(time.Minute)
	return LetterGroup{
		Fingerprint: samplePrint, Template: "The voice can't be reached.", Fault: "dependency", Stage: "narrate", Letters: 240,
		FirstAt: &first, LastAt: &last, Kinds: []string{"audio", "video"}, Sample: letterID,
	}
}

func sampleReplay(state string) Replay {
	r := Replay{
		ID: replayID, State: state, Author: "root", Reason: "the voice is back", Rate: 5, Canary: 3, Letters: 240,
		Counts: ReplayCounts{Waiting: 237, Running: 3}, Skipped: []Skipped{{Why: "decided", Letters: 2}},
		Selection: "fingerprint " + samplePrint, CreatedAt: sampleTime,
	}
	if state == "done" {
		ended := sampleTime.Add(time.Minute)
		r.CanaryPassed, r.EndedAt, r.Counts = true, &ended, ReplayCounts{Recovered: 239, FailedAgain: 1}
	}
	return r
}

func sampleQueue() Queue {
	two := 2
	return Queue{
		Name: "video-generation", Kind: "video", Pause: &Pause{Author: "root", Reason: "the disk is full", At: sampleTime},
		Jobs: map[string]int{"queued": 12, "running": 2, "parked": 5}, InLine: 4, OldestAt: &sampleTime, Workers: 2, Slots: 4,
		Parking: []Parking{{Dependency: "speech", Reason: "The voice can't be reached.", Since: sampleTime, Jobs: 5, NextTrialAt: &sampleTime}},
		Broker:  &BrokerDepth{Ready: 8, InFlight: &two, Consumers: &two, OldestAt: &sampleTime},
	}
}

func sampleWorker(state string) Worker {
	return Worker{
		ID: "0199f1a2-5e10-7d44-8b21-9a0c3d5f7e64", Name: "studio-1/video-worker/4711", Kind: "video", Slots: 2, State: state,
		OpenedAt: sampleTime, HeardAt: sampleTime.Add(time.Second),
		Running: []WorkerAttempt{{JobID: sampleID, Attempt: 1, Stage: "narrate", Progress: 35, StartedAt: sampleTime}},
	}
}

// replayExamples are those of replays of many letters.
func replayExamples() map[string]example {
	running, done := sampleReplay("running"), sampleReplay("done")
	plan := &ReplayPlan{Letters: 240, Groups: []LetterGroup{sampleGroup()}, Skipped: running.Skipped}
	steered := func(state string) example {
		r := sampleReplay(state)
		r.Why = "stopped by root: another look first"
		return example{
			requests: map[string]any{"reason": ReasonBody{Reason: "another look first"}},
			answers:  map[string]any{"200": r},
		}
	}
	return map[string]example{
		"create-replay": {
			requests: map[string]any{
				"group": map[string]any{"filter": map[string]any{"fingerprint": samplePrint}, "reason": "the voice is back", "rate": 5, "canary": 3},
				"plan":  map[string]any{"ids": []string{letterID}, "dry_run": true},
			},
			answers: map[string]any{"202": createdReplayBody{Replay: &running, Plan: plan}, "200": createdReplayBody{Plan: plan}},
		},
		"list-replays":  {answers: map[string]any{"200": listReplaysBody{Replays: []Replay{done}}}},
		"get-replay":    {answers: map[string]any{"200": done}},
		"watch-replay":  {answers: map[string]any{"200": []any{map[string]any{"event": eventReplay, "data": running}, map[string]any{"id": 1, "event": eventReplay, "data": done}}}},
		"pause-replay":  steered("paused"),
		"resume-replay": steered("running"),
		"stop-replay":   steered("stopped"),
	}
}

// letterExamples are those of decisions on letters.
func letterExamples() map[string]example {
	open, replayed, resent := sampleLetter(), sampleLetter(), sampleLetter()
	replayed.State, replayed.ReplayedBy, replayed.ReplayReason, replayed.ReplayedAt = "replayed", "root", "the voice is back", &sampleTime
	resent.State, resent.Outcome, resent.ResentTo = "replayed", "resent", "video-generation"
	decided := example{
		requests: map[string]any{"group": map[string]any{"filter": map[string]any{"fingerprint": samplePrint}, "reason": "a test of ours"}},
		answers:  map[string]any{"200": decidedBody{Letters: 240, Skipped: []Skipped{}}},
	}
	line := `{"format":"studycast.dead-letter/1","id":"` + letterID + `"}` + "\n"
	return map[string]example{
		"list-dead-letters":       {answers: map[string]any{"200": listLettersBody{DeadLetters: []DeadLetter{open}}}},
		"get-dead-letter":         {answers: map[string]any{"200": wholeSample()}},
		"list-dead-letter-groups": {answers: map[string]any{"200": listGroupsBody{Groups: []LetterGroup{sampleGroup()}}}},
		"replay-dead-letter": {
			requests: map[string]any{
				"as it is": ReasonBody{Reason: "the voice is back"},
				"edited":   map[string]any{"reason": "the page has moved", "source": sampleSource, "options": map[string]any{"length": "short"}},
			},
			answers: map[string]any{"202": replayBody{DeadLetter: replayed, Job: stateJob("queued"), Stages: sampleStages()}},
		},
		"discard-dead-letters": decided,
		"restore-dead-letters": decided,
		"resend-dead-letter": {
			requests: map[string]any{"queue": map[string]any{"queue": "video-generation", "reason": "of another system"}},
			answers:  map[string]any{"200": resendBody{DeadLetter: resent}},
		},
		"export-dead-letters": {
			requests: map[string]any{"all": map[string]any{"reason": "a copy before the move"}},
			answers:  map[string]any{"200": line},
		},
		"import-dead-letters": {
			requests: map[string]any{lines: line},
			answers:  map[string]any{"200": importedBody{Stored: 1, BadLines: []BadLine{}}},
		},
	}
}

// operatorExamples are those of what operators do.
func operatorExamples() map[string]example {
	steered := example{requests: map[string]any{"reason": ReasonBody{Reason: "the disk is full"}}, answers: map[string]any{"200": sampleQueue()}}
	all := map[string]example{
		"list-queues":  {answers: map[string]any{"200": queuesBody{Queues: []Queue{sampleQueue()}}}},
		"pause-queue":  steered,
		"resume-queue": steered,
		"list-workers": {answers: map[string]any{"200": workersBody{Workers: []Worker{sampleWorker("working")}}}},
		"drain-worker": {
			requests: map[string]any{"reason": ReasonBody{Reason: "a new version"}}, answers: map[string]any{"200": sampleWorker("draining")},
		},
		"list-audit": {answers: map[string]any{"200": auditBody{Records: []AuditRecord{{
			ID: "0199f1a3-2b40-7e05-9d66-1c8a7b3f4e90", At: sampleTime, Author: "root", Action: "edit", Reason: "the page has moved",
			Selection: "dead letter " + letterID, Outcome: "replayed",
			Detail: json.RawMessage(`{"changes":[{"field":"options.length","from":"","to":"short"}]}`),
		}}}}},
	}
	for _, more := range []map[string]example{letterExamples(), replayExamples()} {
		for id, e := range more {
			all[id] = e
		}
	}
	return all
}
