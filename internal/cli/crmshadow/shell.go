package crmshadow

import (
	"fmt"
	"os"
	"strings"

	"github.com/ringmaster-ha/ringmaster/cib/document"
)

// prompt is the shell's while it works on a shadow.
func (t *tool) prompt() string { return fmt.Sprintf("shadow[%.40s] # ", *t.shadow) }

// enter starts a shell that works on the shadow, or says how to have one's own do that
// (shadow_setup).
func (t *tool) enter(switched bool) {
	fmt.Fprintln(t.stdout, "Setting up shadow instance")
	if now, ok := os.LookupEnv("PS1"); ok && document.EqualFold(now, t.prompt()) {
		return
	}
	shell, ok := os.LookupEnv("SHELL")
	switch {
	case !t.batch && ok:
		os.Setenv("PS1", t.prompt())
		os.Setenv("CIB_shadow", *t.shadow)
		fmt.Fprintln(t.stdout, "Type Ctrl-D to exit the crm_shadow shell")
		args := []string{shell}
		if strings.Contains(shell, "bash") {
			args = append(args, "--norc", "--noprofile")
		}
		_ = t.become(shell, args)
	case switched:
		fmt.Fprintln(t.stdout, "To switch to the named shadow instance, paste the following into your shell:")
	default:
		fmt.Fprintln(t.stdout, "A new shadow instance was created.  To begin using it paste the following into your shell:")
	}
	fmt.Fprintf(t.stdout, "  CIB_shadow=%s ; export CIB_shadow\n", *t.shadow)
}

// leave says how to go back to the cluster's own CIB (shadow_teardown).
func (t *tool) leave() {
	if strings.Contains(os.Getenv("PS1"), t.prompt()) {
		fmt.Fprintln(t.stdout, "Now type Ctrl-D to exit the crm_shadow shell")
		return
	}
	fmt.Fprintln(t.stdout, "Please remember to unset the CIB_shadow variable by pasting the following into your shell:\n  unset CIB_shadow")
}
