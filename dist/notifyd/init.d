#!/bin/sh
### BEGIN INIT INFO
# Provides:          corosync-notifyd
# Required-Start:    $network $remote_fs $syslog corosync
# Required-Stop:     $network $remote_fs $syslog corosync
# Should-Start:      dbus
# Should-Stop:       dbus
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: corosync's events by D-Bus, SNMP and syslog
# Description:       Starts and stops corosync-notifyd where systemd does not.
### END INIT INFO

PATH=/usr/sbin:/usr/bin:/sbin:/bin
NAME=corosync-notifyd
DAEMON=/usr/sbin/$NAME
PIDFILE=/var/run/$NAME.pid

[ -x "$DAEMON" ] || exit 0
[ ! -r /etc/default/$NAME ] || . /etc/default/$NAME
. /lib/lsb/init-functions

# It writes no pid file: -f lets start-stop-daemon know its pid.
start() {
	start-stop-daemon --start --quiet --oknodo --background --make-pidfile \
		--pidfile "$PIDFILE" --exec "$DAEMON" -- -f $OPTIONS
}

stop() {
	start-stop-daemon --stop --quiet --oknodo --remove-pidfile --retry TERM/30/KILL/5 --pidfile "$PIDFILE"
}

case "$1" in
start)
	log_daemon_msg "Starting corosync notifier" "$NAME"
	start
	log_end_msg $?
	;;
stop)
	log_daemon_msg "Stopping corosync notifier" "$NAME"
	stop
	log_end_msg $?
	;;
restart | force-reload)
	log_daemon_msg "Restarting corosync notifier" "$NAME"
	stop && start
	log_end_msg $?
	;;
status)
	status_of_proc -p "$PIDFILE" "$DAEMON" "$NAME"
	;;
*)
	echo "Usage: /etc/init.d/$NAME {start|stop|restart|force-reload|status}" >&2
	exit 3
	;;
esac
