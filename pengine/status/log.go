package status

import (
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// Warned are the warnings given so far that one process gives once (pe_wo).
type Warned struct{ given uint32 }

// Warning is one of the warnings that are given once.
type Warning uint32

// The warnings given once.
const (
	WarnBlind Warning = 1 << iota
	WarnRestartType
	WarnRoleAfter
	WarnPoweroff
	WarnRequireAll
	WarnOrderScore
	WarnNegativeThreshold
	WarnRemoveAfter
	WarnPingNode
	WarnOrderInstance
	WarnColocationInstance
	WarnGroupOrder
	WarnGroupColocation
)

// Site is a function of the reference's that says something. Its tools print the
// name with the text, so that it is part of what has to be the same.
type Site struct {
	ws       *WorkingSet
	function string
}

// At is the function of that name.
func (ws *WorkingSet) At(function string) Site { return Site{ws, function} }

// Logf logs.
func (s Site) Logf(level loglevel.Level, format string, args ...any) {
	if s.ws.log.Enabled(level) {
		loglevel.LogfAt(s.ws.log, level, s.function, format, args...)
	}
}

// ConfigErrorf says that the configuration is wrong (pcmk__config_err).
func (s Site) ConfigErrorf(format string, args ...any) {
	s.ws.ConfigError = true
	s.Logf(loglevel.Error, format, args...)
}

// ConfigWarnf says that the configuration is doubtful (pcmk__config_warn).
func (s Site) ConfigWarnf(format string, args ...any) {
	s.ws.ConfigWarning = true
	s.Logf(loglevel.Warning, format, args...)
}

// Errorf is an error of the configuration that makes the outcome doubtful
// (pe_err).
func (s Site) Errorf(format string, args ...any) {
	s.ws.ProcessingError = true
	s.ConfigErrorf(format, args...)
}

// Warnf is a warning of the configuration that makes the outcome doubtful
// (pe_warn).
func (s Site) Warnf(format string, args ...any) {
	s.ws.ProcessingWarning = true
	s.ConfigWarnf(format, args...)
}

// ProcErrorf is an error that is not the configuration's (pe_proc_err).
func (s Site) ProcErrorf(format string, args ...any) {
	s.ws.ProcessingError = true
	s.Logf(loglevel.Error, format, args...)
}

// ProcWarnf is a warning that is not the configuration's (pe_proc_warn).
func (s Site) ProcWarnf(format string, args ...any) {
	s.ws.ProcessingWarning = true
	s.Logf(loglevel.Warning, format, args...)
}

// WarnOncef is Warnf, the first time in a process (pe_warn_once); WarnBlind is
// only logged.
func (s Site) WarnOncef(warning Warning, format string, args ...any) {
	if s.ws.warned.given&uint32(warning) != 0 {
		return
	}
	s.ws.warned.given |= uint32(warning)
	if warning == WarnBlind {
		s.Logf(loglevel.Warning, format, args...)
		return
	}
	s.Warnf(format, args...)
}

// Warningf logs a warning.
func (s Site) Warningf(format string, args ...any) { s.Logf(loglevel.Warning, format, args...) }

// Noticef logs a notice.
func (s Site) Noticef(format string, args ...any) { s.Logf(loglevel.Notice, format, args...) }

// Infof logs for information.
func (s Site) Infof(format string, args ...any) { s.Logf(loglevel.Info, format, args...) }

// Logf, ConfigErrorf and so on are those of Site, for what is said in no known
// function of the reference's.

// Logf logs.
func (ws *WorkingSet) Logf(level loglevel.Level, format string, args ...any) {
	ws.At("").Logf(level, format, args...)
}

// ConfigErrorf says that the configuration is wrong.
func (ws *WorkingSet) ConfigErrorf(format string, args ...any) {
	ws.At("").ConfigErrorf(format, args...)
}

// ConfigWarnf says that the configuration is doubtful.
func (ws *WorkingSet) ConfigWarnf(format string, args ...any) {
	ws.At("").ConfigWarnf(format, args...)
}

// Errorf is an error of the configuration that makes the outcome doubtful.
func (ws *WorkingSet) Errorf(format string, args ...any) { ws.At("").Errorf(format, args...) }

// Warnf is a warning of the configuration that makes the outcome doubtful.
func (ws *WorkingSet) Warnf(format string, args ...any) { ws.At("").Warnf(format, args...) }

// ProcErrorf is an error that is not the configuration's.
func (ws *WorkingSet) ProcErrorf(format string, args ...any) {
	ws.At("").ProcErrorf(format, args...)
}

// ProcWarnf is a warning that is not the configuration's.
func (ws *WorkingSet) ProcWarnf(format string, args ...any) { ws.At("").ProcWarnf(format, args...) }

// WarnOncef is Warnf, the first time in a process.
func (ws *WorkingSet) WarnOncef(warning Warning, format string, args ...any) {
	ws.At("").WarnOncef(warning, format, args...)
}

// Infof prints a line on the output object, if the caller gave one.
func (ws *WorkingSet) Infof(format string, args ...any) {
	if ws.Options.Info != nil {
		ws.Options.Info(sprintf(format, args...))
	}
}

func (ws *WorkingSet) tracef(format string, args ...any) { ws.Logf(loglevel.Trace, format, args...) }
func (ws *WorkingSet) debugf(format string, args ...any) { ws.Logf(loglevel.Debug, format, args...) }

// report logs a problem that evaluating a rule met.
func (ws *WorkingSet) report(p rules.Problem) {
	at := ws.At(p.Where)
	switch {
	case p.Config && p.Severity == rules.Error:
		at.Errorf("%s", p.Text)
	case p.Config:
		at.Warnf("%s", p.Text)
	case p.Severity == rules.Error:
		at.Logf(loglevel.Error, "%s", p.Text)
	default:
		at.Warningf("%s", p.Text)
	}
}
