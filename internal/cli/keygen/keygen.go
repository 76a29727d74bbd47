// Package keygen is corosync-keygen(8): it writes a random key to
// /etc/corosync/authkey. Texts, modes and exit statuses are those of the
// reference's tools/corosync-keygen.c.
package keygen

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
)

const (
	defaultFile   = "/etc/corosync/authkey"
	defaultLen    = 256 // bytes
	minLen        = 128 // TOTEM_PRIVATE_KEY_LEN_MIN
	maxLen        = 4096
	defaultRandom = "/dev/urandom"
)

const usage = `Usage: corosync-keygen [-k <keyfile>] [-s size] [-m <randomfile>] [-l] [-h]
     -k / --key-file=<filename> -  Write to the specified keyfile
            instead of the default /etc/corosync/authkey.
     -r / --random-file -  Random number source file. Default is 
            /dev/urandom. As an example /dev/random may be requested
            (that may require user input for entropy).
     -l / --less-secure - Not used, option is kept only
            for compatibility.
     -s / --size -  Length of key.
     -h / --help -  Print basic usage.

`

var longOptions = []getopt.Long{
	{Name: "key-file", Arg: getopt.Required, Val: 'k'},
	{Name: "less-secure", Val: 'l'},
	{Name: "random-file", Arg: getopt.Required, Val: 'r'},
	{Name: "size", Arg: getopt.Required, Val: 's'},
	{Name: "help", Val: 'h'},
}

// fault is an error with its exit status.
type fault struct {
	status int
	text   string
}

func (f fault) Error() string { return f.text }

func failed(status int, what string, err error) error {
	var no syscall.Errno
	text := err.Error()
	if errors.As(err, &no) {
		text = no.Error()
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	return fault{status, what + ": " + text}
}

// Main runs the tool and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	file, random, size := defaultFile, defaultRandom, defaultLen
	name := "corosync-keygen"
	if len(args) > 0 {
		name = filepath.Base(args[0])
	}
	p := getopt.New(args, "k:r:s:lh", longOptions, stderr)
	for {
		opt, ok := p.Next()
		if !ok {
			break
		}
		switch opt {
		case 'k':
			file = p.Arg
		case 'l':
		case 'r':
			random = p.Arg
		case 's':
			n, err := strconv.ParseInt(strings.TrimLeft(p.Arg, " \t\n\v\f\r"), 10, 64)
			if err != nil || n < minLen || n > maxLen {
				fmt.Fprintf(stderr, "%s: Unsupported key size (supported <%d,%d>)\n\n", name, minLen, maxLen)
				return 1
			}
			size = int(n)
		case 'h':
			io.WriteString(stdout, usage)
			return 0
		default:
			fmt.Fprintf(stdout, "Error parsing command line options.\n")
			return 1
		}
	}
	if err := generate(stdout, file, random, size); err != nil {
		fmt.Fprintf(stderr, "%s: %s\n", name, err)
		var f fault
		errors.As(err, &f)
		return f.status
	}
	return 0
}

func generate(out io.Writer, file, random string, size int) error {
	fmt.Fprintf(out, "Corosync Cluster Engine Authentication key generator.\n")
	fmt.Fprintf(out, "Gathering %d bits for key from %s.\n", size*8, random)
	key, err := gather(out, random, size)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return failed(2, "Could not create "+file, err)
	}
	defer f.Close()
	if err := f.Chmod(0o400); err != nil {
		return failed(3, "Failed to set key file permissions to 0400", err)
	}
	fmt.Fprintf(out, "Writing corosync key to %s.\n", file)
	if _, err := f.Write(key); err != nil {
		return failed(4, "Could not write "+file, err)
	}
	if err := f.Close(); err != nil {
		return failed(5, "Could not close "+file, err)
	}
	return nil
}

// gather reads the key. A source that ends is an error; the reference reads it
// for ever.
func gather(out io.Writer, random string, size int) ([]byte, error) {
	src, err := os.Open(random)
	if err != nil {
		return nil, failed(1, "Failed to open random source", err)
	}
	defer src.Close()
	if random == "/dev/random" {
		fmt.Fprintf(out, "Press keys on your keyboard to generate entropy.\n")
	}
	key := make([]byte, size)
	for n := 0; n < size; {
		got, err := src.Read(key[n:])
		if err != nil {
			return nil, failed(1, "Could not read /dev/random", err)
		}
		if n += got; n < size {
			fmt.Fprintf(out, "Press keys on your keyboard to generate entropy (%d bits still needed).\n", (size-n)*8)
		}
	}
	return key, nil
}
