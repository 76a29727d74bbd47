// Package schedulerd runs our pacemaker-schedulerd in place of the reference's: below a
// real pacemakerd and controller in clusters of three, and in front of the reference's
// libraries; and our client in front of the reference's.
package schedulerd
