// Package mix runs one scenario on three nodes whose Pacemaker is the reference's but for
// one daemon, which is ours on none, one, two and all of them, and compares what the tools
// print and what the nodes' CIBs become:
//
//	func TestMain(m *testing.M) { lab.Init(); os.Exit(m.Run()) }
//
//	func TestSwap(t *testing.T) {
//		mix.Compare(t, "/usr/lib/pacemaker/pacemaker-based", func(r *mix.Run) {
//			r.Do(1, "crm_attribute", "-n", "a", "-v", "1")
//			r.Do(2, "crm_attribute", "-n", "a", "-G")
//			r.Settle()
//		})
//	}
//
// All that a Run does is taken down: a command with its outputs and its status, and the CIB
// once it has settled. From what is compared times, versions of the CIB and random ids are left out
// (normal); the CIBs of the nodes of one Run are compared byte for byte, but for what each
// node says of itself.
//
// With -mixtures CCC,CCC a scenario shows that it is the same each time.
package mix
