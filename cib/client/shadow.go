package client

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// folder is where the cluster's CIB is.
const folder = "/var/lib/pacemaker/cib"

// ShadowFile is the file of the shadow CIB of a name (get_shadow_file). Of a user who is not
// the cluster's, the folder in the user's home is made if it is not there.
func ShadowFile(name string, getenv func(string) (string, bool)) string {
	return shadowFolder(getenv) + "/shadow." + name
}

func shadowFolder(getenv func(string) (string, bool)) string {
	if folder, ok := getenv("CIB_shadow_dir"); ok {
		return folder
	}
	name, _ := getenv("USER")
	home := ""
	if u, err := user.Current(); err == nil {
		name, home = u.Username, u.HomeDir
	}
	if strings.EqualFold(name, "root") || strings.EqualFold(name, account.ClusterUser) {
		return root.Path(folder)
	}
	if h, ok := getenv("HOME"); ok {
		home = h
	}
	if filepath.IsAbs(home) {
		own := home + "/.cib"
		if err := os.Mkdir(own, 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			return own
		}
	}
	if temporary, _ := getenv("TMPDIR"); filepath.IsAbs(temporary) {
		return temporary
	}
	return "/tmp"
}
