// Package ghash knows in which order GLib's GHashTable walks its entries.
// Pacemaker walks such tables of strings in a few places where the order shows
// in what it decides or prints; to come to the same result one has to walk in
// the same order. It is a function of the keys, of the order of their insertion
// and of the table's algorithm (glib/ghash.c of GLib 2.66 and later, with the hash
// of Pacemaker's pcmk__strkey_table): open
// addressing with quadratic probing, eleven as multiplier, prime moduli, and a
// resize that moves entries within the array.
package ghash
