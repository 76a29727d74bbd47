// Package shm is memory shared with a process that need not wish us well.
//
// The files of a connection belong to the client, who may truncate them at any
// time; the next touch of a page that is gone raises SIGBUS, which by default
// ends a Go process. Every access here and in package ringbuffer therefore
// stands in a function that begins with
//
//	defer shm.Catch(shm.Arm(), &err)
//
// so that the fault becomes ErrFault of that one call.
//
// Semaphores are those of glibc on 64-bit machines (sem_t, nptl's struct
// new_sem): the value in the low and the number of waiters in the high half of
// one 64-bit word, waited on by futex. libqb on a 32-bit machine lays them out
// otherwise; this package does not build there.
//
// Linux only. Nothing here starts a goroutine.
package shm
