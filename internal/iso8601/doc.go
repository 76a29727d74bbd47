// Package iso8601 is Pacemaker's reading of ISO 8601 (the reference's
// lib/common/iso8601.c): dates as calendar, ordinal and week dates, times of day
// with offsets, durations and periods, their arithmetic and their texts.
//
// It follows the reference where that leaves the standard, because rules,
// lifetimes and intervals in living configurations depend on it: a date's unread
// rest is ignored, a time without an offset is local, half hours west of
// Greenwich count in the wrong direction (see localOffset), a month in a duration
// is 30 days when it is asked for its seconds, and its first day counts as none.
// Arithmetic is that of C's int, 32 bits wide.
//
// Two inputs that the reference takes unbounded time for are answered at once
// with its result: months below zero, and days far beyond a year.
//
// The package reads no clock and no time zone: whatever depends on them takes the
// current time, in the local zone, as a parameter. Anything may import it.
package iso8601
