// Package corosyncconf reads corosync.conf(5): the file itself, the files of
// uidgid.d beside it, what they put into the map of keys (cmap_keys(7)), and
// what of it the ring and the log need, as types.
//
// The way of a configuration through this package:
//
//	corosync.conf, uidgid.d/*  --Parse-->  File (an icmap.Map, and where each key was said)
//	File  --Check-->        what the log and the daemon find in their sections
//	File  --ReadTotem-->    Totem: defaults, addresses, node ids, runtime.config.* keys
//	Totem --Validate-->     the checks of corosync -t
//	Map, Totem, file  --Reload-->  the map changed and a new Totem, or nothing at all
//
// The set of keys, their types and their values equal the reference's for the
// same files (exec/coroparse.c, totemconfig.c, logconfig.c, cfg.c). What is
// wrong with a file is an InputError that names the file and the line.
//
// The package is a pure function of its Env: it opens no file, asks no resolver
// and no interface but through it, and starts nothing. Package
// corosyncconf/host is the Env of this machine.
package corosyncconf
