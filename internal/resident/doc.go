// Package resident keeps what a daemon has in memory to what it uses.
//
// Two things make a Go daemon larger than what it is doing needs. Of its program, all that its
// beginning, its configuration or a rare event has used stays mapped, in pieces of 64 KiB, as the
// kernel reads around a fault: of 15 MB up to 10, in each of eight daemons. And after a burst of
// work the heap has the size that the burst wanted for minutes, until the runtime's scavenger
// has given it back page by page.
//
// DropProgram unmaps the program's pages, in 45 us. They stay in the page cache, so that those which are still
// used come back by a minor fault each, without the disk: some 100 faults, a tenth of a millisecond.
// (MADV_RANDOM does not keep the kernel from mapping what is around a page that is used.)
// Rest does so after collections, and gives back the heap once work is over. What may never wait for a page, as corosync's
// ring thread, calls DropProgram once, before it locks its memory: each page is locked there as it is first used.
//
// Any program's shell may import it, no core.
package resident
