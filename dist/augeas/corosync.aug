(* Lens for /etc/corosync/corosync.conf, corosync.conf(5): sections within sections,
   each a node with its options as children. Every option is taken, since which
   there are is for "corosync -t" to say. A value keeps what quotes it has. *)
module Corosync =

autoload xfm

let name   = /[A-Za-z0-9_.-]+/
let indent = del /[ \t]*/ ""
let quote  = del /["']?/ ""

(* name: value *)
let option =
  let value = store /[^"' \t\n]([^"'\n]*[^"' \t\n])?/ in
  [ indent . key name . del /[ \t]*:[ \t]*/ ": " . quote . value . quote . del /[ \t]*\n/ "\n" ]

(* name { ... } *)
let rec section =
  let open  = del /[ \t]*\{[ \t]*\n/ " {\n" in
  let close = del /[ \t]*\}[ \t]*\n/ "}\n" in
  [ indent . key name . open . (option|section|Util.comment|Util.empty)* . close ]

let lns = (section|Util.comment|Util.empty)*

let xfm = transform lns (incl "/etc/corosync/corosync.conf")
