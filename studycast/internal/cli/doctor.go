package cli

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"strings"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/mtls"
	"github.com/studycast/studycast/studycast/internal/doctor"
)

// doctorCmd examines a set-up.
type doctorCmd struct {
	Quick  bool     `help:"Leave out what takes as long as the delays of the queues, up to a minute."`
	Skip   []string `help:"Checks to leave out, after commas, such as ffmpeg,voices on a machine without workers." placeholder:"CHECK,..."`
	JSON   bool     `help:"Print what was found as JSON."`
	Listen string   `help:"Address of the REST API as the gateway has it, unless --server says where it is." env:"LISTEN" placeholder:"HOST:PORT"`

	config.ForDoctor `embed:""`
	server           `embed:""`
}

// Help says what the command's name does not.
func (*doctorCmd) Help() string {
	return "It takes the settings of the programs and examines what they name: with none set the embedded queue and store in DATA_DIR, " +
		"with BROKER_URL a RabbitMQ server and the programs around it. It only looks, and may run beside them. " +
		"Exit code: 0 no check failed, 1 one did, 2 it could not run."
}

// Run prints each check with what is wrong and the remedy.
func (c *doctorCmd) Run(r *run) error {
	o, err := c.options(r)
	if err != nil {
		return &exit{code: exitUsage, text: err.Error()}
	}
	report, err := doctor.Examine(r.ctx, o)
	if err != nil {
		return &exit{code: exitUsage, text: err.Error()}
	}
	show := showReport
	if c.JSON {
		show = showReportJSON
	}
	if err := show(r, report); err != nil {
		return err
	}
	if !report.Healthy() {
		return errSilent
	}
	return nil
}

func (c *doctorCmd) options(r *run) (o doctor.Options, err error) {
	log, err := r.log.Logger()
	if err != nil {
		return o, err
	}
	given := func(variable string) bool { return r.sources.From(config.Setting{Env: variable}) != "default" }
	o = doctor.Options{
		ForDoctor: c.ForDoctor, Gateway: c.Server, Quick: c.Quick, Skip: c.Skip, Logger: log,
		StatusNamed: given("STATUS_ADDRESS"), DeadLettersNamed: given("DEADLETTER_ADDRESS"),
	}
	if c.Listen != "" && !given("STUDYCAST_SERVER") {
		if o.Gateway, err = reachable(c.Listen); err != nil {
			return o, err
		}
	}
	o.TLS, err = c.clientTLS()
	return o, err
}

// reachable is where a server answers that listens on an address.
func reachable(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("LISTEN %q: use host:port, like 127.0.0.1:8080", listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

func (c *doctorCmd) clientTLS() (*tls.Config, error) {
	if c.Files().Empty() {
		return nil, nil //nolint:nilnil // plaintext
	}
	keeper, err := mtls.Load(c.Files(), nil)
	if err != nil {
		return nil, fmt.Errorf("GRPC_TLS_…: %w", err)
	}
	return keeper.Client(), nil
}

// indented is where the name of a check begins.
const indented = 9

// outcomes are how the terminal shows them.
var outcomes = map[doctor.Status]cell{
	doctor.OK: {"ok", good}, doctor.Warning: {"warning", uneasy}, doctor.Failure: {"FAILED", bad}, doctor.Skipped: {"skipped", faint},
}

// showReport prints one check a line, and below it what is wrong and the remedy.
func showReport(r *run, report doctor.Report) error {
	var out strings.Builder
	widest := 0
	for _, one := range report {
		widest = max(widest, len(one.Name))
	}
	for _, one := range report {
		how := outcomes[one.Status]
		fmt.Fprintf(&out, "%s  %-*s", r.screen.paint(how.style, fmt.Sprintf("%-7s", how.text)), widest, one.Name)
		said := one.Says == ""
		if !said {
			fmt.Fprintf(&out, "  %s\n", plain(one.Says))
		}
		for _, p := range one.Problems {
			indent := strings.Repeat(" ", indented+widest)
			if said { // the first one stands beside the name
				said, indent = false, ""
			}
			fmt.Fprintf(&out, "%s  %s\n%*s  %s %s\n", indent, r.screen.paint(how.style, plain(p.Wrong)),
				indented+widest, "", r.screen.paint(bold, "remedy:"), plain(p.Remedy))
		}
	}
	fmt.Fprintf(&out, "\n%d checks: %d ok, %d warnings, %d failed, %d skipped\n", len(report),
		report.Count(doctor.OK), report.Count(doctor.Warning), report.Count(doctor.Failure), report.Count(doctor.Skipped))
	_, err := fmt.Fprint(r.out, out.String())
	return err
}

// showReportJSON prints the same for programs.
func showReportJSON(r *run, report doctor.Report) error {
	enc := json.NewEncoder(r.out)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Healthy bool          `json:"healthy"`
		Checks  doctor.Report `json:"checks"`
	}{report.Healthy(), report})
}
