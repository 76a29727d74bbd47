package agent

import (
	"bufio"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// secretMark is the value of a parameter that is a secret.
const secretMark = "lrm://"

// maxSecret is how much of a file counts, in bytes.
const maxSecret = 254

var errSecret = errors.New("unable to load CIB secrets")

// reveal puts secrets in place of their marks, from the files of a resource in a folder:
// NAME has the value, NAME.sign its MD5 sum (pcmk__substitute_secrets). With the error
// come the parameters as far as they are known.
func reveal(dir, rscID string, params []wire.Param, complain func(format string, args ...any)) ([]wire.Param, error) {
	var out []wire.Param
	var failed error
	for i, p := range params {
		if p.Value != secretMark {
			continue
		}
		if out == nil {
			out = append([]wire.Param(nil), params...)
		}
		file := filepath.Join(dir, rscID, p.Name)
		value, ok := secretFile(file)
		if !ok || strings.Contains(p.Name, "/") {
			complain("secret for rsc %s parameter %s not found in %s", rscID, p.Name, dir)
			failed = errSecret
			continue
		}
		sum, ok := secretFile(file + ".sign")
		if !ok {
			complain("md5 sum for rsc %s parameter %s cannot be read from %s", rscID, p.Name, file+".sign")
			failed = errSecret
			continue
		}
		if have := md5.Sum([]byte(value)); !strings.EqualFold(sum, hex.EncodeToString(have[:])) {
			complain("md5 sum for rsc %s parameter %s does not match", rscID, p.Name)
			failed = errSecret
			continue
		}
		out[i].Value = value
	}
	if out == nil {
		out = params
	}
	return out, failed
}

// secretFile is the first line of a file without blanks at its end.
func secretFile(path string) (string, bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", false
	}
	defer f.Close()
	b, _ := bufio.NewReaderSize(f, maxSecret+1).Peek(maxSecret) // less is no error here
	if len(b) == 0 {
		return "", false
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimRight(line, " \t\r\v\f"), true
}
