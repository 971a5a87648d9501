# SPDX-License-Identifier: BSD-2-Clause
"""The far end of TCP connections, played behind a TUN device so that it can withhold segments.

The far address says which state the near socket shall reach: 10.11.0.N and fd11::N lead it to
TCP-MIB's tcpConnectionState N. The far end keeps no state: each answer follows from the segment
and that address alone, so a retransmission is answered as its first copy was.
"""

import fcntl
import os
import select
import socket
import struct
import subprocess
import threading

from polling import until

# TCP-MIB's tcpConnectionState, closed(1) first.
STATES = ("closed", "listen", "synSent", "synReceived", "established", "finWait1", "finWait2",
          "closeWait", "lastAck", "closing", "timeWait")

NEAR_ADDRESS = {4: "10.11.255.254", 6: "fd11::ffff"}

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10
_ISN = 1000

# A burst longer than the device's queue would lose segments and wait for retransmissions.
_SET_UP = f"""\
link set far0 txqueuelen 20000 up
address add {NEAR_ADDRESS[4]}/16 dev far0
address add {NEAR_ADDRESS[6]}/64 dev far0 nodad
"""


def far_address(family, state):
    """The far address, 4 or 6 in FAMILY, that leads a connection to STATE."""
    return ("10.11.0.%d" if family == 4 else "fd11::%x") % (STATES.index(state) + 1)


def _near_address_is_routed():
    """The kernel makes an IPv6 address ours later, in its own time: until then it drops packets."""
    host_route = socket.inet_pton(socket.AF_INET6, NEAR_ADDRESS[6]).hex() + " 80 "
    with open("/proc/thread-self/net/ipv6_route", encoding="ascii") as routes:
        return any(route.startswith(host_route) for route in routes)


class TunPeer:
    """Answers what arrives at the TUN device until it is closed."""

    def __init__(self):
        self._tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._stop = os.eventfd(0, os.EFD_CLOEXEC)
        fcntl.ioctl(self._tun, _TUNSETIFF, struct.pack("16sH22x", b"far0", _IFF_TUN | _IFF_NO_PI))
        subprocess.run(["ip", "-batch", "-"], input=_SET_UP, text=True, check=True)
        until(_near_address_is_routed, "the IPv6 address is there")
        self._thread = threading.Thread(target=self._answer_all, name="tun-peer", daemon=True)
        self._thread.start()

    def close(self):
        os.eventfd_write(self._stop, 1)
        self._thread.join()
        os.close(self._tun)
        os.close(self._stop)

    def open(self, family, state, far_port, near_port):
        """Send the SYN of a connection that the far end begins."""
        self._originate(family, state, far_port, near_port, _SYN, _ISN)

    def reset(self, family, state, far_port, near_port):
        """End a connection that no descriptor holds any more."""
        fin_sent = state in ("lastAck", "closing", "timeWait")
        self._originate(family, state, far_port, near_port, _RST, _ISN + 1 + fin_sent)

    def _originate(self, family, state, far_port, near_port, flags, seq):
        far, near = (socket.inet_pton(_FAMILIES[family], address)
                     for address in (far_address(family, state), NEAR_ADDRESS[family]))
        os.write(self._tun, _packet(far, near, far_port, near_port, flags, seq, 0))

    def _answer_all(self):
        poller = select.poll()
        poller.register(self._tun, select.POLLIN)
        poller.register(self._stop, select.POLLIN)
        while True:
            ready = [fd for fd, _ in poller.poll()]
            if self._stop in ready:
                return
            try:
                while True:
                    self._receive(os.read(self._tun, 2048))
            except BlockingIOError:
                pass

    def _receive(self, packet):
        if packet[0] >> 4 == 4:
            protocol, addresses, start = packet[9], packet[12:20], (packet[0] & 15) * 4
        else:
            protocol, addresses, start = packet[6], packet[8:40], 40
        if protocol != socket.IPPROTO_TCP:
            return
        near, far = addresses[:len(addresses) // 2], addresses[len(addresses) // 2:]
        near_port, far_port, seq, ack, _, flags = struct.unpack_from("!HHIIBB", packet, start)
        reply = _reply(STATES[far[-1] - 1], flags, seq, ack)
        if reply:
            os.write(self._tun, _packet(far, near, far_port, near_port, *reply))


def _reply(state, flags, seq, ack):
    """(flags, seq, ack) of the far end's answer to a segment, None where it is withheld."""
    if state in ("synSent", "synReceived") or flags & _RST:
        return None
    if flags & _SYN and not flags & _ACK:
        return _SYN | _ACK, _ISN, (seq + 1) & 0xFFFFFFFF
    fin_acknowledged = flags & _FIN and state in ("finWait2", "timeWait")
    answers_fin = flags & _FIN and state in ("closing", "timeWait")
    # Acknowledging no more than the SYN, the near end has not had the far end's FIN.
    fin_missing = ack == _ISN + 1 and (answers_fin or state in ("closeWait", "lastAck"))
    if not (flags & _SYN or fin_acknowledged or fin_missing):
        return None
    taken = 1 if flags & _SYN or fin_acknowledged else 0
    return _ACK | (_FIN if fin_missing else 0), _ISN + 1, (seq + taken) & 0xFFFFFFFF


def _packet(source, destination, source_port, destination_port, flags, seq, ack):
    tcp = struct.pack("!HHIIBBHHH", source_port, destination_port, seq, ack, 5 << 4, flags,
                      65535, 0, 0)
    # The pseudo-headers of both families have the same words but for zeros: one sum serves both.
    pseudo_header = source + destination + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + _checksum(pseudo_header + tcp) + tcp[18:]
    if len(source) == 16:
        return struct.pack("!IHBB", 6 << 28, len(tcp), socket.IPPROTO_TCP, 64) \
            + source + destination + tcp
    start = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, socket.IPPROTO_TCP)
    addresses = source + destination
    return start + _checksum(start + addresses) + addresses + tcp


def _checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF)
