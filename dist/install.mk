# make install DESTDIR=...: the paths of Debian 12's packages corosync,
# corosync-notifyd, pacemaker and pacemaker-cli-utils. Of the
# one binary there is one copy; the names in dist/names are hard links, because
# sbd, pacemaker and others tell a daemon by /proc/PID/exe and its Name.
#
# Configuration that is there already is left alone.

INSTALL     ?= install
UNITDIR     ?= /lib/systemd/system
DATADIR     ?= /usr/share
MANDIR      ?= $(DATADIR)/man
NAMES       := $(shell grep -v '^\#' dist/names)
MANPAGES    := $(wildcard docs/man/*.[1-8])
AGENTDIR    ?= /usr/lib/ocf/resource.d/pacemaker
AGENTS      := controld o2cb remote

.PHONY: install install-bin install-man install-conf uninstall

install: install-bin install-man install-conf

install-bin: all
	@set -e; first=; for n in $(NAMES); do \
	  $(INSTALL) -d "$(DESTDIR)$$(dirname $$n)"; \
	  if [ -z "$$first" ]; then \
	    first="$(DESTDIR)$$n"; \
	    $(INSTALL) -m 755 $(BUILD)/ringmaster "$$first.new"; \
	    mv -f "$$first.new" "$$first"; \
	  else \
	    ln -f "$$first" "$(DESTDIR)$$n"; \
	  fi; \
	done
	$(INSTALL) -d "$(DESTDIR)$(AGENTDIR)"
	$(INSTALL) -m 755 $(AGENTS:%=dist/pacemaker/agents/%) "$(DESTDIR)$(AGENTDIR)"

install-man:
	@set -e; for p in $(MANPAGES); do \
	  d="$(DESTDIR)$(MANDIR)/man$${p##*.}"; \
	  $(INSTALL) -d "$$d"; \
	  gzip -9nc "$$p" >"$$d/$${p##*/}.gz"; \
	  chmod 644 "$$d/$${p##*/}.gz"; \
	done

install-conf:
	$(INSTALL) -d "$(DESTDIR)/etc/corosync/uidgid.d" "$(DESTDIR)/var/lib/corosync" \
	  "$(DESTDIR)/var/log/corosync" "$(DESTDIR)/etc/default" "$(DESTDIR)/etc/logrotate.d" \
	  "$(DESTDIR)/etc/init.d" "$(DESTDIR)/etc/dbus-1/system.d" "$(DESTDIR)$(UNITDIR)" \
	  "$(DESTDIR)$(DATADIR)/augeas/lenses" "$(DESTDIR)$(DATADIR)/snmp/mibs"
	$(INSTALL) -m 644 dist/corosync.service "$(DESTDIR)$(UNITDIR)/corosync.service"
	$(INSTALL) -m 644 dist/notifyd/service "$(DESTDIR)$(UNITDIR)/corosync-notifyd.service"
	$(INSTALL) -m 644 dist/pacemaker/service "$(DESTDIR)$(UNITDIR)/pacemaker.service"
	$(INSTALL) -m 644 dist/augeas/corosync.aug "$(DESTDIR)$(DATADIR)/augeas/lenses/corosync.aug"
	$(INSTALL) -m 644 dist/notifyd/COROSYNC-MIB.txt "$(DESTDIR)$(DATADIR)/snmp/mibs/COROSYNC-MIB.txt"
	$(INSTALL) -m 644 dist/corosync.conf.example "$(DESTDIR)/etc/corosync/corosync.conf.example"
	$(INSTALL) -m 755 dist/init.d "$(DESTDIR)/etc/init.d/corosync"
	$(INSTALL) -m 755 dist/notifyd/init.d "$(DESTDIR)/etc/init.d/corosync-notifyd"
	$(INSTALL) -m 755 dist/pacemaker/init.d "$(DESTDIR)/etc/init.d/pacemaker"
	@set -e; for f in default:default/corosync logrotate.d:logrotate.d/corosync \
	  notifyd/default:default/corosync-notifyd pacemaker/crm_mon:default/crm_mon notifyd/dbus.conf:dbus-1/system.d/corosync-signals.conf; do \
	  to="$(DESTDIR)/etc/$${f#*:}"; \
	  [ -e "$$to" ] || $(INSTALL) -m 644 "dist/$${f%:*}" "$$to"; \
	done

uninstall:
	rm -f $(addprefix $(DESTDIR),$(NAMES)) $(AGENTS:%="$(DESTDIR)$(AGENTDIR)/%") "$(DESTDIR)$(UNITDIR)/corosync.service" "$(DESTDIR)/etc/init.d/corosync" \
	  "$(DESTDIR)$(UNITDIR)/corosync-notifyd.service" "$(DESTDIR)/etc/init.d/corosync-notifyd" \
	  "$(DESTDIR)$(UNITDIR)/pacemaker.service" "$(DESTDIR)/etc/init.d/pacemaker" \
	  "$(DESTDIR)$(DATADIR)/augeas/lenses/corosync.aug" "$(DESTDIR)$(DATADIR)/snmp/mibs/COROSYNC-MIB.txt" \
	  $(foreach p,$(MANPAGES),"$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(p)))/$(notdir $(p)).gz")
