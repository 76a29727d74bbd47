// Package ring holds the scenarios of rings that mix the reference's nodes with
// ours, under message load, and checks what every node delivered against
// extended virtual synchrony. All of it is in the tests.
package ring
