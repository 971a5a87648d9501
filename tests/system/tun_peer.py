# SPDX-License-Identifier: BSD-2-Clause
"""The far end of TCP connections, simulated behind a TUN device so that it can withhold segments.

The far address selects the state of the near socket: 10.11.0.N and fd11::N lead to
tcpConnectionState N of TCP-MIB. The far end is stateless. Each answer depends only on the segment
and that address, so retransmissions get the same answer as the original.
"""

import fcntl
import os
import select
import socket
import struct
import subprocess
import threading

from polling import until

# tcpConnectionState of TCP-MIB, from closed(1) on.
STATES = ("closed", "listen", "synSent", "synReceived", "established", "finWait1", "finWait2",
          "closeWait", "lastAck", "closing", "timeWait")

NEAR_ADDRESS = {4: "10.11.255.254", 6: "fd11::ffff"}

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10
_ISN = 1000

# False if the kernel was booted with ipv6.disable=1.
WITH_IPV6 = os.path.exists("/proc/self/net/if_inet6")

# A burst that exceeds the device's queue would lose segments and wait for retransmissions.
_SET_UP = f"""\
link set far0 txqueuelen 20000 up
address add {NEAR_ADDRESS[4]}/16 dev far0
"""
_SET_UP_IPV6 = f"address add {NEAR_ADDRESS[6]}/64 dev far0 nodad\n"


def far_address(family, state):
    """Return the far address of FAMILY, 4 or 6, that leads a connection to STATE."""
    return ("10.11.0.%d" if family == 4 else "fd11::%x") % (STATES.index(state) + 1)


def _near_address_is_routed():
    """Return whether the IPv6 address is local. The kernel drops packets to it until then."""
    host_route = socket.inet_pton(socket.AF_INET6, NEAR_ADDRESS[6]).hex() + " 80 "
    with open("/proc/thread-self/net/ipv6_route", encoding="ascii") as routes:
        return any(route.startswith(host_route) for route in routes)


class TunPeer:
    """Answers segments that arrive at the TUN device, until close()."""

    def __init__(self):
        self._tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._stopped, self._stop = os.pipe()
        fcntl.ioctl(self._tun, _TUNSETIFF, struct.pack("16sH22x", b"far0", _IFF_TUN | _IFF_NO_PI))
        subprocess.run(["ip", "-batch", "-"], input=_SET_UP + (_SET_UP_IPV6 if WITH_IPV6 else ""),
                       text=True, check=True)
        if WITH_IPV6:
            until(_near_address_is_routed, "the IPv6 address is routed")
        self._thread = threading.Thread(target=self._answer_all, name="tun-peer", daemon=True)
        self._thread.start()

    def close(self):
        os.close(self._stop)
        self._thread.join()
        os.close(self._tun)
        os.close(self._stopped)

    def open(self, family, state, far_port, near_port, data=b""):
        """Send a SYN from the far end, with DATA for TCP Fast Open."""
        self._originate(family, state, far_port, near_port, _SYN, _ISN, data)

    def acknowledge(self, family, state, far_port, near_port):
        """Send an ACK that does not belong to a connection."""
        self._originate(family, state, far_port, near_port, _ACK, _ISN + 1)

    def reset(self, family, state, far_port, near_port):
        """Reset a connection that no longer has a descriptor."""
        fin_sent = state in ("lastAck", "closing", "timeWait")
        self._originate(family, state, far_port, near_port, _RST, _ISN + 1 + fin_sent)

    def _originate(self, family, state, far_port, near_port, flags, seq, data=b""):
        far, near = (socket.inet_pton(_FAMILIES[family], address)
                     for address in (far_address(family, state), NEAR_ADDRESS[family]))
        os.write(self._tun, segment(far, near, far_port, near_port, flags, seq, 0, data))

    def _answer_all(self):
        poller = select.poll()
        poller.register(self._tun, select.POLLIN)
        poller.register(self._stopped, select.POLLIN)
        while True:
            ready = [fd for fd, _ in poller.poll()]
            if self._stopped in ready:
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
            os.write(self._tun, segment(far, near, far_port, near_port, *reply))


def _reply(state, flags, seq, ack):
    """Return (flags, seq, ack) of the far end's answer to a segment, None if it is withheld."""
    if state in ("synSent", "synReceived") or flags & _RST:
        return None
    if flags & _SYN and not flags & _ACK:
        return _SYN | _ACK, _ISN, (seq + 1) & 0xFFFFFFFF
    fin_acknowledged = flags & _FIN and state in ("finWait2", "timeWait")
    answers_fin = flags & _FIN and state in ("closing", "timeWait")
    # A near end that acknowledges only the SYN has not received the far end's FIN.
    fin_missing = ack == _ISN + 1 and (answers_fin or state in ("closeWait", "lastAck"))
    if not (flags & _SYN or fin_acknowledged or fin_missing):
        return None
    taken = 1 if flags & _SYN or fin_acknowledged else 0
    return _ACK | (_FIN if fin_missing else 0), _ISN + 1, (seq + taken) & 0xFFFFFFFF


def segment(source, destination, source_port, destination_port, flags, seq, ack, data=b""):
    """Return an IP packet with a TCP segment. SOURCE and DESTINATION are addresses as octets."""
    tcp = struct.pack("!HHIIBBHHH", source_port, destination_port, seq, ack, 5 << 4, flags,
                      65535, 0, 0) + data
    # The pseudo-headers of both families differ only in zero words, so their sums are the same.
    pseudo_header = source + destination + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + _checksum(pseudo_header + tcp) + tcp[18:]
    if len(source) == 16:
        return struct.pack("!IHBB", 6 << 28, len(tcp), socket.IPPROTO_TCP, 64) \
            + source + destination + tcp
    start = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, socket.IPPROTO_TCP)
    addresses = source + destination
    return start + _checksum(start + addresses) + addresses + tcp


def _checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF)
