package lab

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Stage is where `make install DESTDIR=` has laid our programs;
// RINGMASTER_STAGE names another folder.
func Stage() (string, error) {
	if s := os.Getenv("RINGMASTER_STAGE"); s != "" {
		return s, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "build", "stage"), nil
		}
	}
	return "", fmt.Errorf("no go.mod above the working directory: set RINGMASTER_STAGE")
}

// Use chooses whose corosync the host runs from now on, with the tools that belong to
// it. Nothing of the other kind may be running.
func (h *Host) Use(k Kind) {
	h.lab.t.Helper()
	if k == h.kind {
		return
	}
	var err error
	if k == Go {
		err = h.mountOurs()
	} else {
		err = h.unmountOurs()
	}
	if err != nil {
		h.lab.t.Fatalf("%s: %v", h.Name, err)
	}
	h.kind = k
}

// Lay lays one of our programs over the reference's, whose other programs the host goes
// on to run; Boot undoes it.
func (h *Host) Lay(path string) {
	h.lab.t.Helper()
	h.MustRun("mount", "--bind", stageOnHost+path, path)
}

// LayPacemaker is Lay for every program of Pacemaker that there is of ours.
func (h *Host) LayPacemaker() {
	h.lab.t.Helper()
	paths, err := programs()
	if err != nil {
		h.lab.t.Fatalf("%s: %v", h.Name, err)
	}
	for _, p := range paths {
		if !ofCorosync(p) {
			h.Lay(p)
		}
	}
}

func ofCorosync(path string) bool { return strings.HasPrefix(filepath.Base(path), "corosync") }

// programs lists what the stage holds to be run, as paths on a host.
func programs() (paths []string, err error) {
	stage, err := Stage()
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(stage, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(p, stage)
		if d.Type().IsRegular() && (strings.HasPrefix(rel, "/usr/sbin/") || strings.HasPrefix(rel, "/usr/bin/") || strings.HasPrefix(rel, "/usr/lib/pacemaker/")) {
			paths = append(paths, rel)
		}
		return nil
	})
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s holds no programs: run make install DESTDIR=%s", stage, stage)
	}
	return paths, err
}

// mountOurs lays our corosync over the reference's, by mounts that only this
// host sees, so that /proc/PID/exe is what it would be after an installation.
func (h *Host) mountOurs() error {
	paths, err := programs()
	if err != nil {
		return err
	}
	var script strings.Builder
	script.WriteString("set -e\n")
	for _, p := range paths {
		if ofCorosync(p) {
			fmt.Fprintf(&script, "[ ! -e %[1]s ] || mount --bind %[2]s%[1]s %[1]s\n", p, stageOnHost)
		}
	}
	_, err = h.Run("sh", "-c", script.String())
	return err
}

func (h *Host) unmountOurs() error {
	paths, err := programs()
	if err != nil {
		return err
	}
	var script strings.Builder
	for _, p := range paths {
		if ofCorosync(p) {
			fmt.Fprintf(&script, "umount %s || true\n", p)
		}
	}
	_, err = h.Run("sh", "-c", script.String())
	return err
}
