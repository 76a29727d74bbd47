// Package knet holds the scenarios of transport knet's packets: our sealing,
// cutting and compressing against a host of the reference's libknet, over the
// loopback interface, in both directions.
package knet
