### BEGIN INIT INFO
# Provides: ÿ bad  

# Default-Stop: x
