package cli

import (
	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	posener "github.com/posener/complete"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/voice"
	"github.com/studycast/studycast/core/statusclient"
)

// completionCmd prints what a shell has to run.
//
// kong-completion is the one of kong's completion libraries that follows it: its
// last release is of April 2026 and knows kong 1, and it completes in all three
// shells; kongplete, which it came from, had its last one in 2023.
type completionCmd struct {
	Shell string `arg:"" help:"The shell: bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Help is shown below the usage.
func (completionCmd) Help() string {
	return "bash: source <(studycast completion bash) in ~/.bashrc. zsh: source <(studycast completion zsh) in ~/.zshrc, after compinit. " +
		"fish: studycast completion fish | source in ~/.config/fish/config.fish. The command studycast must be in PATH."
}

// Run prints the code; the library ends the program afterwards.
func (c completionCmd) Run(k *kong.Context) error {
	return (&kongcompletion.Completion{Shell: c.Shell, Code: true}).Run(k)
}

// complete answers a shell that asks how a line may go on, by the variable
// COMP_LINE, and reports whether one did.
func complete(p *kong.Kong) (asked bool, code int) {
	kongcompletion.Register(p,
		kongcompletion.WithPredictors(predictors()),
		kongcompletion.WithExitFunc(func(c int) { asked, code = true, max(code, c) }))
	return asked, code
}

// predictors know the values of flags and arguments that the server decides on.
func predictors() map[string]posener.Predictor {
	return map[string]posener.Predictor{
		"queue":  posener.PredictSet(job.Queues()...),
		"action": posener.PredictSet(append(deadletterclient.Actions(), statusclient.ActionPauseQueue, statusclient.ActionResumeQueue, statusclient.ActionDrainWorker)...),
		"voice":  posener.PredictSet(voice.Product()...),
		"field":  posener.PredictSet(fieldsWithSign()...),
	}
}

// fieldsWithSign are the names of --set as they are typed.
func fieldsWithSign() []string {
	names := fieldNames()
	for i := range names {
		names[i] += "="
	}
	return names
}
