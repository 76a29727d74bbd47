// Package ring holds the scenarios of rings that mix the reference's nodes with
// ours, under message load, and checks what every node delivered against
// extended virtual synchrony: order, and the sets of those that move together.
// The reference breaks it in one way, by messages that a configuration change has
// cut in two; those are told from the ring's packets (witness, mendHalfSent) and
// forgiven one by one. The scenarios are in the tests.
package ring
