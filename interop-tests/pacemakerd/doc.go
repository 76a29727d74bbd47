// Package pacemakerd runs our pacemakerd in place of the reference's, with the reference's
// daemons below it: what it starts and how, what it does when they die or hang, how it
// stops, and what its options print.
package pacemakerd
