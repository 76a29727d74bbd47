#!/bin/sh
### BEGIN INIT INFO
# Provides:          pacemaker
# Required-Start:    $network $remote_fs corosync
# Required-Stop:     $network $remote_fs corosync
# Should-Start:      $syslog
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Pacemaker cluster manager
# Description:       Starts and stops Pacemaker where systemd does not.
### END INIT INFO

PATH=/usr/sbin:/usr/bin:/sbin:/bin
NAME=pacemakerd
DAEMON=/usr/sbin/$NAME
PIDFILE=/var/run/$NAME.pid

[ -x "$DAEMON" ] || exit 0
set -a
[ ! -r /etc/default/pacemaker ] || . /etc/default/pacemaker
[ ! -r /etc/default/sbd ] || . /etc/default/sbd
set +a
. /lib/lsb/init-functions

# The other programs are names of the same file: the name must be the daemon's, too.
daemon() {
	start-stop-daemon --quiet --exec "$DAEMON" --name "$NAME" --pidfile "$PIDFILE" "$@"
}

start() {
	daemon --start --oknodo --background --make-pidfile
}

# However long the resources take to stop.
stop() {
	daemon --stop --oknodo --retry forever/TERM/1 || return
	rm -f "$PIDFILE"
}

case "$1" in
start)
	log_daemon_msg "Starting Pacemaker Cluster Manager" "$NAME"
	start
	log_end_msg $?
	;;
stop)
	log_daemon_msg "Stopping Pacemaker Cluster Manager" "$NAME"
	stop
	log_end_msg $?
	;;
restart | force-reload)
	log_daemon_msg "Restarting Pacemaker Cluster Manager" "$NAME"
	stop && start
	log_end_msg $?
	;;
status | monitor)
	status_of_proc -p "$PIDFILE" "$DAEMON" "$NAME"
	;;
*)
	echo "Usage: /etc/init.d/pacemaker {start|stop|restart|force-reload|status}" >&2
	exit 3
	;;
esac
