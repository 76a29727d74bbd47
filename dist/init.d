#!/bin/sh
### BEGIN INIT INFO
# Provides:          corosync
# Required-Start:    $network $remote_fs $syslog
# Required-Stop:     $network $remote_fs $syslog
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: corosync cluster framework
# Description:       Starts and stops corosync where systemd does not.
### END INIT INFO

PATH=/usr/sbin:/usr/bin:/sbin:/bin
NAME=corosync
DAEMON=/usr/sbin/$NAME
PIDFILE=/var/run/$NAME.pid

[ -x "$DAEMON" ] || exit 0
[ ! -r /etc/default/$NAME ] || . /etc/default/$NAME
. /lib/lsb/init-functions

# The tools are other names of the same file: the name must be the daemon's, too.
daemon() {
	start-stop-daemon --quiet --exec "$DAEMON" --name "$NAME" "$@"
}

# Both succeed when there is nothing to do.
start() {
	mkdir -p /var/run/resource-agents
	# OPTIONS is what scripts of before had; corosync.service has the other.
	daemon --start --oknodo -- $OPTIONS $COROSYNC_OPTIONS
}

# However long it takes the cluster's software above to leave.
stop() {
	daemon --stop --oknodo --retry forever/QUIT/1 --pidfile "$PIDFILE" || return
	rm -f "$PIDFILE"
}

case "$1" in
start)
	log_daemon_msg "Starting corosync daemon" "$NAME"
	start
	log_end_msg $?
	;;
stop)
	log_daemon_msg "Stopping corosync daemon" "$NAME"
	stop
	log_end_msg $?
	;;
restart | force-reload)
	log_daemon_msg "Restarting corosync daemon" "$NAME"
	stop && start
	log_end_msg $?
	;;
status | monitor)
	status_of_proc -p "$PIDFILE" "$DAEMON" "$NAME"
	;;
*)
	echo "Usage: /etc/init.d/$NAME {start|stop|restart|force-reload|status}" >&2
	exit 3
	;;
esac
