"""Asks the scheduler for the transition of a CIB through Pacemaker's own library.

ask.py FILE: prints the graph, as the library has understood it.
ask.py FILE send: sends the request and waits for nothing.
"""
import ctypes
import sys
import time

SCHEDULER, POLL, REPLY = 6, 1, 2  # enum values of crm/common/ipc.h

lib = ctypes.CDLL("libcrmcommon.so.34")
pointer = ctypes.c_void_p
lib.filename2xml.restype = pointer
lib.filename2xml.argtypes = [ctypes.c_char_p]
lib.dump_xml_unformatted.restype = ctypes.c_char_p
lib.dump_xml_unformatted.argtypes = [pointer]


class Reply(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("graph", pointer), ("reference", ctypes.c_char_p), ("input", ctypes.c_char_p)]


done = False


@ctypes.CFUNCTYPE(None, pointer, ctypes.c_int, ctypes.c_int, ctypes.POINTER(Reply), pointer)
def take(api, event, status, reply, data):
    global done
    if event == REPLY and status == 0:
        done = True
        print(lib.dump_xml_unformatted(reply.contents.graph).decode())


def check(what, rc):
    if rc != 0:
        sys.exit("%s: %d" % (what, rc))


waits = len(sys.argv) == 2
api = pointer()
check("new", lib.pcmk_new_ipc_api(ctypes.byref(api), SCHEDULER))
lib.pcmk_register_ipc_callback(api, take, None)
check("connect", lib.pcmk_connect_ipc(api, POLL))
cib = lib.filename2xml(sys.argv[1].encode())
reference = ctypes.c_char_p()
check("send", lib.pcmk_schedulerd_api_graph(api, pointer(cib), ctypes.byref(reference)))
end = time.time() + 10
while waits and not done and time.time() < end:
    if lib.pcmk_poll_ipc(api, 1000) == 0:
        lib.pcmk_dispatch_ipc(api)
lib.pcmk_disconnect_ipc(api)
sys.exit(0 if done or not waits else "no reply")
