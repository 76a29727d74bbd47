/var/log/corosync/corosync.log {
	daily
	rotate 31
	minsize 2048
	compress
	missingok
	notifempty
	nocreate
	postrotate
		/usr/sbin/corosync-cfgtool -L
	endscript
}
