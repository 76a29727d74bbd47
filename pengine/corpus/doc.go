// Package corpus holds crm_simulate against the regression tests of the reference's
// scheduler (cts/scheduler): for each of 798 CIBs the summary before and after, the
// graph, the drawing, the scores, and what it says on its standard error. There is
// nothing here but that test; testdata/passing.txt lists what has passed once and so
// must not fail again.
package corpus
