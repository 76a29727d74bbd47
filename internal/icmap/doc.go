// Package icmap is the map of typed keys in which a Corosync daemon keeps its
// configuration and state, exec/icmap.c of the reference; clients see it as
// cmap (cmap_keys(7) lists the keys).
//
// Rules that hold at all times:
//   - a key name has KeyNameMin to KeyNameMax characters out of
//     [a-zA-Z0-9._/:-];
//   - a value has one of twelve types and at most ValueMax bytes; storing a
//     value that is there already, type included, changes nothing and tells
//     nobody;
//   - trackers are called at once, from within the call that changes the map,
//     after the change: first those of the most specific name. Within one name,
//     trackers of the key itself are called newest first, then trackers of
//     the prefix, oldest first;
//   - read-only marks bind clients, not the daemon: Set ignores them, the cmap
//     service asks IsReadOnly.
//
// A Map is not safe for concurrent use; in the daemon it is used under the
// service lock only. Trackers may change the map from within their call. The
// package does no I/O; anything may import it.
package icmap
