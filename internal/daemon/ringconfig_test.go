package daemon

import (
	"reflect"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// fill gives every number and every truth in a structure a value that is not
// its zero.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case !f.CanSet():
		case f.Kind() == reflect.Struct:
			fill(f)
		case f.CanInt():
			f.SetInt(int64(i + 1))
		case f.CanUint():
			f.SetUint(uint64(i + 1))
		case f.Kind() == reflect.Bool:
			f.SetBool(true)
		}
	}
}

// Whatever corosync.conf says of the protocol gets there.
func TestProtocolConfigIsWhole(t *testing.T) {
	var conf corosyncconf.Totem
	fill(reflect.ValueOf(&conf).Elem())
	got := reflect.ValueOf(protocolConfig(&conf, loglevel.Discard))
	later := map[string]bool{"RingSeq": true, "Pool": true, "Source": true} // the ring fills these in
	for i := range got.NumField() {
		if name := got.Type().Field(i).Name; got.Field(i).IsZero() != later[name] {
			t.Errorf("%s is %v", name, got.Field(i))
		}
	}
}
