"""Captures packets of libknet; refresh.sh runs this: capture.py KNETPEER FOLDER [PART...]."""
import os, queue, select, socket, subprocess, sys, threading, time

knetpeer, out = sys.argv[1:3]
CIPHERS = ['none', 'aes128', 'aes192', 'aes256']
HASHES = ['md5', 'sha1', 'sha256', 'sha384', 'sha512']
TEXT = b''.join(b'node-%d is online, ' % (i * i % 97) for i in range(80))[:1200]  # compress_test.go has the same


class Pair:
    """Two hosts, 1 and 2, each of which sees the relay where the other one is."""

    def __init__(self, *options, v6=False, lo_mtu=65536):
        subprocess.run(['ip', 'link', 'set', 'lo', 'mtu', str(lo_mtu)], check=True)
        family, ip = (socket.AF_INET6, '::1') if v6 else (socket.AF_INET, '127.0.0.1')
        text = '[::1]' if v6 else ip
        self.relays, self.seen, self.lines, self.hosts = [], [], queue.Queue(), []
        for n in (1, 2):
            s = socket.socket(family, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            s.bind((ip, 8000 + n))
            self.relays.append(s)
        for n in (1, 2):
            p = subprocess.Popen([knetpeer, f'host={n}', f'peer={3 - n}', f'local={text}:{7000 + n}',
                                  f'remote={text}:{8000 + n}', *options],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.hosts.append(p)
            threading.Thread(target=self.read, args=(n, p), daemon=True).start()
        self.ip, self.stop = ip, False
        self.relay = threading.Thread(target=self.forward, daemon=True)
        self.relay.start()

    def read(self, n, p):
        for line in p.stdout:
            self.lines.put((n, line.strip()))

    def forward(self):
        while not self.stop:
            for s in select.select(self.relays, [], [], 0.1)[0]:
                n = self.relays.index(s)
                b, _ = s.recvfrom(1 << 17)
                self.seen.append((n + 1, b))
                try:
                    self.relays[1 - n].sendto(b, (self.ip, 7002 - n))
                except OSError:
                    pass

    def do(self, n, line):
        self.hosts[n - 1].stdin.write(line + '\n')
        self.hosts[n - 1].stdin.flush()

    def wait(self, *want, within=20):
        """Waits until each of the (host, beginning of a line) has come."""
        want, got, end = list(want), [], time.time() + within
        while want:
            n, line = self.lines.get(timeout=max(0.01, end - time.time()))
            if line.startswith('error'):
                raise SystemExit(f'host {n}: {line}')
            for w in want:
                if w[0] == n and line.startswith(w[1]):
                    want.remove(w)
                    got.append(line)
                    break
        return got

    def until(self, what):
        """Waits for a packet of which what(host, bytes) is true."""
        end = time.time() + 20
        while time.time() < end:
            for n, b in list(self.seen):
                if what(n, b):
                    return b
            time.sleep(0.05)
        raise SystemExit('the packet did not come')

    def end(self):
        for p in self.hosts:
            p.stdin.close()
        for p in self.hosts:
            p.wait()
        self.stop = True
        self.relay.join()
        for s in self.relays:
            s.close()


def hexfile(package, name, comment, b):
    with open(f'{out}/{package}/testdata/{name}.hex', 'w') as f:
        f.write(f'# {comment}\n' + '\n'.join(b[i:i + 16].hex(' ', -8) for i in range(0, len(b), 16)) + '\n')


def clear_packets():
    p = Pair()
    p.wait((1, 'up'), (2, 'up'))
    p.do(1, 'sendto ' + b'to host 2'.hex())
    p.wait((2, 'recv'))
    p.do(1, 'send ' + b'to all hosts'.hex())
    p.wait((2, 'recv'))
    hexfile('wire', 'data_unicast', 'host 1 sends "to host 2", its first message, with knet_send_sync',
            p.until(lambda n, b: n == 1 and b[1] == 0 and b[10] == 0))
    hexfile('wire', 'data_broadcast', 'host 1 sends "to all hosts", its second message',
            p.until(lambda n, b: n == 1 and b[1] == 0 and b[10] == 1))
    hexfile('wire', 'ping', 'host 1 pings after two messages', ping := p.until(lambda n, b: n == 1 and b[1] == 0x81 and b[24] == 2))
    hexfile('wire', 'pong', 'host 2 answers', p.until(lambda n, b: n == 2 and b[1] == 0x82 and b[7:23] == ping[7:23]))
    probe = p.until(lambda n, b: n == 1 and b[1] == 0x83)
    assert len(probe) > 65000 and not any(probe[9:])
    hexfile('wire', 'pmtud', f'host 1 probes with {len(probe)} bytes; from here on they are 0', probe[:9])
    hexfile('wire', 'pmtud_reply', 'host 2 answers', p.until(lambda n, b: n == 2 and b[1] == 0x84))
    p.end()
    p = Pair('mtu=100')  # 46 bytes of user data
    p.wait((1, 'up'), (2, 'up'), (1, 'mtu 46'))
    p.do(1, 'send ' + TEXT[:100].hex())
    p.wait((2, 'recv ' + TEXT[:100].hex()))
    for i in (1, 2, 3):
        hexfile('wire', f'data_fragment_{i}_of_3', '100 bytes at a data MTU of 46',
                p.until(lambda n, b: n == 1 and b[1] == 0 and b[12] == i))
    p.end()


def sealed_packets():
    with open(f'{out}/crypto/testdata/packets.txt', 'w') as f:
        f.write('# model cipher hash packet: of host 1, a data packet with "user data" under the key of 256 bytes that the tests use\n')
        for model in ('nss', 'openssl'):
            for cipher in CIPHERS:
                for hash in HASHES:
                    p = Pair(f'model={model}', f'cipher={cipher}', f'hash={hash}')
                    p.wait((1, 'up'), (2, 'up'))
                    before = len(p.seen)
                    p.do(1, 'send ' + b'user data'.hex())
                    p.wait((2, 'recv ' + b'user data'.hex()))
                    # Pings are longer, so that the shortest one of host 1 is the message.
                    b = min((b for n, b in p.seen[before:] if n == 1), key=len)
                    f.write(f'{model} {cipher} {hash} {b.hex()}\n')
                    p.end()


def compressed_packets():
    with open(f'{out}/compress/testdata/packets.txt', 'w') as f:
        f.write('# model level user data: what each model makes of the text of compress_test.go\n')
        for model, levels in (('zlib', (0, 1, 9)), ('lz4', (0, 1, 7)), ('lz4hc', (0, 1, 12)), ('lzma', (0, 6, 9)),
                              ('bzip2', (1, 9)), ('zstd', (0, 1, 19, -5))):
            for level in levels:
                p = Pair(f'compress={model}', f'level={level}')
                p.wait((1, 'up'), (2, 'up'), (1, 'mtu 654'))
                p.do(1, 'send ' + TEXT.hex())
                p.wait((2, 'recv ' + TEXT.hex()))
                b = p.until(lambda n, b: n == 1 and b[1] == 0)
                f.write(f'{model} {level} {b[14:].hex()} # on the wire {b[8]}\n')
                p.end()


def sizes():
    with open(f'{out}/wire/testdata/sizes.txt', 'w') as f:
        f.write('# address family, block, salt and hash size, MTU of the interface: data MTU, overhead of the link, probes of host 1 on the wire\n')
        cases = [(None, None, 0, 0, 0), ('none', 'sha1', 0, 0, 20), ('aes256', 'sha256', 16, 16, 32),
                 ('aes128', 'md5', 16, 16, 16), ('aes192', 'sha512', 16, 16, 64)]
        for v6 in (True, False):  # below 1280 the interface loses IPv6
            for cipher, hash, block, salt, size in cases:
                for mtu in (1280, 1500, 9000, 65536) if v6 else (576, 1400, 1500, 1501, 1502, 1510, 9000, 65536):
                    options = [f'model=nss', f'cipher={cipher}', f'hash={hash}'] if hash else []
                    p = Pair(*options, v6=v6, lo_mtu=mtu)
                    p.wait((1, 'up'), (2, 'up'))
                    time.sleep(1)
                    p.do(1, 'stats')
                    stats = dict(w.split('=') for w in p.wait((1, 'stats'))[0].split()[1:])
                    headers = 48 if v6 else 28
                    # The first size that is seen twice is what later rounds of discovery confirm; pings come more often.
                    probes = sorted({len(b) + headers for n, b in p.seen if n == 1 and len(b) > 200}, reverse=True)
                    f.write(f'{"ipv6" if v6 else "ipv4"} {block} {salt} {size} {mtu}: {stats["link_mtu"]} {stats["overhead"]} {" ".join(map(str, probes))}\n')
                    p.end()


for package in ('wire', 'crypto', 'compress'):
    os.makedirs(f'{out}/{package}/testdata', exist_ok=True)
for part in sys.argv[3:] or ['clear_packets', 'compressed_packets', 'sizes', 'sealed_packets']:
    globals()[part]()
