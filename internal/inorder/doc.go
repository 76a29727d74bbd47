// Package inorder does work on several processors whose results are wanted in order: a text
// of many pieces that is written to one file, for one.
//
// Each worker makes the next piece that nobody has begun, waits until all before it have
// been taken, and hands it over itself. So there are never more pieces than workers, and
// nobody makes the first while another waits for something to do.
//
// Only shells import it: cores start no goroutines.
package inorder
