// Package secrets reads parameters of resources that are kept out of the CIB: in the CIB they
// have the value Mark, and the value itself is in a file on each node (cibsecret(8), and
// pcmk__substitute_secrets of lib/common/cib_secrets.c in Pacemaker 2.1.5). The executor
// and the fencer import it.
package secrets

import (
	"bufio"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Mark is the value of a parameter that is a secret, Dir where secrets are.
const (
	Mark = "lrm://"
	Dir  = "/var/lib/pacemaker/lrm/secrets"
)

// maxLength is how much of a file counts, in bytes.
const maxLength = 254

// Value is the secret of a resource's parameter, from a folder: the file NAME has it, NAME.sign
// its MD5 sum. The error is what the reference logs.
func Value(dir, resource, name string) (string, error) {
	file := filepath.Join(dir, resource, name)
	value, ok := line(file)
	if !ok || strings.Contains(name, "/") {
		return "", fmt.Errorf("secret for rsc %s parameter %s not found in %s", resource, name, dir)
	}
	sum, ok := line(file + ".sign")
	if !ok {
		return "", fmt.Errorf("md5 sum for rsc %s parameter %s cannot be read from %s", resource, name, file+".sign")
	}
	if have := md5.Sum([]byte(value)); !strings.EqualFold(sum, hex.EncodeToString(have[:])) {
		return "", fmt.Errorf("md5 sum for rsc %s parameter %s does not match", resource, name)
	}
	return value, nil
}

// line is the first line of a file without blanks at its end.
func line(path string) (string, bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", false
	}
	defer f.Close()
	b, _ := bufio.NewReaderSize(f, maxLength+1).Peek(maxLength) // less is no error here
	if len(b) == 0 {
		return "", false
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimRight(line, " \t\r\v\f"), true
}
