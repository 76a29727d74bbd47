package agent

import (
	"errors"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/secrets"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

var errSecret = errors.New("unable to load CIB secrets")

// reveal puts secrets in place of their marks, from the files of a resource in a folder. With
// the error come the parameters as far as they are known.
func reveal(dir, rscID string, params []wire.Param, complain func(format string, args ...any)) ([]wire.Param, error) {
	out := params
	var failed error
	for i, p := range params {
		if p.Value != secrets.Mark {
			continue
		}
		value, err := secrets.Value(dir, rscID, p.Name)
		if err != nil {
			complain("%v", err)
			failed = errSecret
			continue
		}
		if &out[0] == &params[0] {
			out = append([]wire.Param(nil), params...)
		}
		out[i].Value = value
	}
	return out, failed
}
