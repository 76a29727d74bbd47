// Package crmmon compares our crm_mon with the reference's: on files, with command lines that
// are drawn (TestFiles), and, with -cluster, on a cluster of the reference's daemons (TestCluster), where ours
// also has the console, writes a page as a daemon, tells an agent what happens, and is what
// pcs asks.
package crmmon
