# make deb: one Debian package in the place of corosync, corosync-notifyd, pacemaker and
# pacemaker-cli-utils. Needs dpkg-deb. Its version counts commits, so that a later build
# is a later version.
DEB_VERSION ?= 0.$(shell git rev-list --count HEAD 2>/dev/null || echo 0)
DEB_ARCH    ?= $(shell dpkg --print-architecture)
DEB_ROOT    := $(BUILD)/deb

.PHONY: deb

# What administrators change in /etc is the packages' whose place this takes: files of
# theirs stay, and postinst copies those that are missing.
deb:
	rm -rf $(DEB_ROOT)
	$(MAKE) install DESTDIR=$(CURDIR)/$(DEB_ROOT)
	$(INSTALL) -d $(DEB_ROOT)/DEBIAN $(DEB_ROOT)/usr/share/ringmaster $(DEB_ROOT)/usr/share/doc/ringmaster
	mv $(DEB_ROOT)/etc $(DEB_ROOT)/usr/share/ringmaster/etc
	$(INSTALL) -d $(DEB_ROOT)/etc/corosync/uidgid.d
	$(INSTALL) -m 644 README.md CHANGELOG.md docs/operations.md $(DEB_ROOT)/usr/share/doc/ringmaster
	$(INSTALL) -m 644 LICENSE $(DEB_ROOT)/usr/share/doc/ringmaster/copyright
	$(INSTALL) -m 755 dist/debian/postinst dist/debian/postrm $(DEB_ROOT)/DEBIAN
	sed -e 's/@VERSION@/$(DEB_VERSION)/' -e 's/@ARCH@/$(DEB_ARCH)/' \
	  -e "s/@SIZE@/$$(du -sk --exclude DEBIAN $(DEB_ROOT) | cut -f1)/" dist/debian/control.in >$(DEB_ROOT)/DEBIAN/control
	cd $(DEB_ROOT) && find . -path ./DEBIAN -prune -o -type f -print | sed 's,^\./,,' | sort | xargs md5sum >DEBIAN/md5sums
	dpkg-deb --root-owner-group --build $(DEB_ROOT) $(BUILD)/ringmaster_$(DEB_VERSION)_$(DEB_ARCH).deb
