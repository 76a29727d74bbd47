#!/bin/sh
### BEGIN INIT INFO
# Description: one
# Provides: lost
# Should-Start: $all
#
# Should-Stop: x
end