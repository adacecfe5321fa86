//go:build linux

package local

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/studycast/studycast/core/sandbox/child"
)

// fill says where everybody is.
func (s *System) fill() {
	var status []string
	for _, p := range s.programs {
		switch p.Role {
		case Gateway, Single:
			s.URLs.Gateways = append(s.URLs.Gateways, p.URL())
		case Status:
			status = append(status, p.GRPC())
		case DeadLetter:
			if s.URLs.DeadLetter == "" {
				s.URLs.DeadLetter = p.GRPC()
			}
		case VideoWorker, AudioWorker:
		}
	}
	if len(s.URLs.Gateways) > 0 {
		s.URLs.Gateway = s.URLs.Gateways[0]
	}
	s.URLs.Status = strings.Join(status, ",")
	if s.URLs.Artifacts = s.o.Artifacts; s.URLs.Artifacts == "" {
		s.URLs.Artifacts = "file:" + filepath.Join(s.o.Dir, "artifacts")
	}
}

// environment is what a program gets. Nothing but the path to other programs
// comes from ours, so that a setting of the user's shell changes nothing.
func (s *System) environment(p *Program) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "HOME=" + p.dir(),
		"TMPDIR=" + filepath.Join(s.o.Dir, "tmp"), child.Mark(s.mark),
		"LISTEN=" + p.url, "ADMIN_LISTEN=" + p.admin, "GRPC_LISTEN=" + p.grpc,
		"ARTIFACTS_URL=" + s.URLs.Artifacts, "DATA_DIR=" + p.dir(), "SCRATCH_DIR=" + filepath.Join(p.dir(), "scratch"),
		"ALLOW_LOOPBACK=true",
	}
	if p.Role != Single {
		env = append(env,
			"STATUS_ADDRESS="+s.URLs.Status, "DEADLETTER_ADDRESS="+s.URLs.DeadLetter,
			"BROKER_URL="+s.URLs.Broker, "STORE_URL="+s.URLs.Store, "DEADLETTER_STORE_URL="+s.URLs.Store)
	}
	switch p.Role {
	case VideoWorker:
		env = append(env, "KIND=video")
	case AudioWorker:
		env = append(env, "KIND=audio")
	case Gateway, Status, DeadLetter, Single:
	}
	env = append(env, s.o.Env...)
	return append(env, s.o.EnvOf[p.Role]...)
}

func (s *System) binary(role Role) string {
	if s.o.Worker != "" && (role == VideoWorker || role == AudioWorker) {
		return s.o.Worker
	}
	return filepath.Join(s.o.Bin, string(role))
}

func (s *System) args(role Role) []string {
	if role == Single {
		return []string{"serve"}
	}
	return nil
}
