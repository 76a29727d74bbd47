// Package pcmktool is what Pacemaker's command-line tools have in common: the
// options that all take and how their arguments are prepared for package goption
// (the reference's lib/common/cmdline.c), their output as text, as XML or as
// nothing (lib/common/output*.c), and the log that -V turns on.
//
// A tool calls Common.Context, adds its options, reads the command line with
// Common.Parse, and opens its Output with Common.Open.
package pcmktool
