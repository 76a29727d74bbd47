#!/bin/sh
# Provides: before
exit 0
