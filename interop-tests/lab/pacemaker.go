package lab

// firstCIB is the configuration that a host comes up with when it has none: no
// fencing, and a short wait for somebody else to be the DC.
const firstCIB = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">
  <configuration>
    <crm_config>
      <cluster_property_set id="first">
        <nvpair id="first-fencing" name="stonith-enabled" value="false"/>
        <nvpair id="first-dc" name="dc-deadtime" value="2s"/>
      </cluster_property_set>
    </crm_config>
    <nodes/>
    <resources/>
    <constraints/>
  </configuration>
  <status/>
</cib>
`

// StartPacemaker starts pacemaker on the host, whose corosync runs, with these variables (NAME=VALUE) in its
// environment.
func (h *Host) StartPacemaker(env ...string) *Process {
	h.lab.t.Helper()
	const file = "/var/lib/pacemaker/cib/cib.xml"
	if h.ReadFile(file) == "" {
		h.WriteFile(file, firstCIB)
		h.MustRun("chown", "hacluster:haclient", file)
		h.MustRun("chmod", "600", file)
	}
	if len(env) > 0 {
		return h.Start("env", append(env, "pacemakerd", "-f")...)
	}
	return h.Start("pacemakerd", "-f")
}
