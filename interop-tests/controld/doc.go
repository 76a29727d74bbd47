// Package controld swaps the controllers of a cluster of the reference's, some or all, for ours, and compares what
// becomes of resources, histories and tools' output.
package controld
