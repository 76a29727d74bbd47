// Package fenced compares our stonith_admin with the reference's on a real cluster: the
// same command lines, asked of the same fencer, have to have the same output and status,
// and to say the same to the fencer. With -update it makes the goldens of
// internal/cli/stonithadmin anew.
package fenced
