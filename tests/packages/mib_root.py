# SPDX-License-Identifier: BSD-2-Clause
"""A different MIB root for packages, and a search for a root in files."""

import gzip

OTHER_ROOT = ".1.3.6.1.4.1.99999.7"


def has(path, root):
    """Return whether the file, possibly compressed, has ROOT or, like the MIB, its last parts."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    arcs = root.removeprefix(".1.3.6.1.4.1.").split(".")
    if path.name == "TCP-STATE-COUNT-MIB.txt":
        named = "netSnmpPlaypen 793" if len(arcs) > 2 else f"tcpStateCountRoot1({arcs[0]}) {arcs[1]}"
        return named.encode() in text
    return root.removeprefix(".").encode() in text
