package alert

import (
	"strings"

	"github.com/beevik/etree"
)

const (
	configurationPath = "/cib/configuration"
	alertsPath        = configurationPath + "/alerts"
)

// Changed tells whether a patchset changes the section alerts (pcmk__alert_in_patchset).
func Changed(patchset *etree.Element) bool {
	if patchset.SelectAttrValue("format", "1") == "1" {
		return len(patchset.FindElements(".//diff-added//alerts")) > 0
	}
	for _, change := range patchset.ChildElements() {
		path := change.SelectAttrValue("path", "")
		if strings.Contains(path, alertsPath) {
			return true
		}
		if added := change.ChildElements(); path == configurationPath && len(added) > 0 && added[0].Tag == "alerts" {
			return true
		}
	}
	return false
}
