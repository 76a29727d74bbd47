// Package crmmsg makes and reads the envelope that Pacemaker's controller, scheduler and
// pacemakerd put around what they say to clients and to each other, over IPC and between
// nodes alike (lib/common/messages.c of Pacemaker 2.1.5). docs/wire/pcmk-ipc.md has its
// attributes.
//
// It is a pure codec: times and counts are given to it. Any daemon or tool imports it.
package crmmsg
