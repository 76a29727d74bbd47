// Package demo runs the README's first command as a user would: "ringmaster demo", by an ordinary user.
package demo
