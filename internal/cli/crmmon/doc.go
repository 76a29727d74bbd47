// Package crmmon is crm_mon(8): what a cluster is about, once or all the time, as text, XML
// or a page, for people, files and monitoring (the reference's tools/crm_mon.c). What it
// shows is package show's.
package crmmon
