# SPDX-License-Identifier: BSD-2-Clause
"""Counts the SNMP requests of a client, and the octets of both directions.

    with Traffic() as traffic:
        ... the client polls this namespace's snmpd ...
    traffic.requests, traffic.octets
"""

import socket
import struct

_ETH_P_ALL = 3
_RECEIVED = 64 * 1024 * 1024
_PACKET_OUTGOING = 4
_SNMP_PORT = 161


class Traffic:
    """Captures on the loopback interface, on which a packet is seen when it is sent."""

    def __enter__(self):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED)
        self._socket.bind(("lo", _ETH_P_ALL))
        self._socket.setblocking(False)
        return self

    def __exit__(self, *_):
        self.requests = self.octets = 0
        while True:
            try:
                packet, (_, _, kind, *_) = self._socket.recvfrom(65535)
            except BlockingIOError:
                break
            if kind == _PACKET_OUTGOING:
                self._add(packet[14:])
        self._socket.close()

    def _add(self, packet):
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_UDP:
            return
        header = (packet[0] & 15) * 4
        source, destination, length = struct.unpack("!HHH", packet[header:header + 6])
        if _SNMP_PORT not in (source, destination):
            return
        self.requests += destination == _SNMP_PORT
        self.octets += length - 8
