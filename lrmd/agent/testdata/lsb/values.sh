#!/bin/sh
### BEGIN INIT INFO
# Provides:          a&b <c> "q" 'r' é tab	x
# Provides: second
# Default-Start: 2 3
# Description: first line & <b>
#   second é " line
#	third
# Short-Description: short
# Default-Stop: 0
### END INIT INFO
# Required-Start: never
exit 0
