"""Whether an address is one of this machine's: the kernel's routing table is asked.

The table knows every address of every interface, whatever was added since the start, and
also the ranges that are local without standing on an interface (rtnetlink(7)).
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct

_RTM_NEWROUTE, _RTM_GETROUTE = 24, 26
_NLMSG_ERROR = 2
_NLM_F_REQUEST = 1
_RTA_DST = 1

_HEADER = struct.Struct("=IHHII")
_ROUTE = struct.Struct("=BBBBBBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_OURS = frozenset((2, 3, 4, 5))  # local, broadcast, anycast, multicast
_NO_ROUTE = frozenset((errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EINVAL))

_PATIENCE = 1.0
_ANSWER = 4096


def is_local(address: str) -> bool:
    """Whether what is sent to an IP address stays here, broadcast and multicast included.

    False for an address without a route.  Raises OSError where the kernel cannot be asked.
    """
    wanted = ipaddress.ip_address(address.partition("%")[0])
    octets = wanted.packed
    family = socket.AF_INET if wanted.version == 4 else socket.AF_INET6
    body = _ROUTE.pack(family, 8 * len(octets), 0, 0, 0, 0, 0, 0, 0)
    body += _ATTRIBUTE.pack(_ATTRIBUTE.size + len(octets), _RTA_DST) + octets
    header = _HEADER.pack(_HEADER.size + len(body), _RTM_GETROUTE, _NLM_F_REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as asking:
        asking.settimeout(_PATIENCE)
        asking.send(header + body)
        answer = asking.recv(_ANSWER)
    return _means_local(answer)


def _means_local(answer: bytes) -> bool:
    _, kind, _, _, _ = _HEADER.unpack_from(answer)
    if kind == _RTM_NEWROUTE:
        return _ROUTE.unpack_from(answer, _HEADER.size)[7] in _OURS
    if kind == _NLMSG_ERROR:
        (code,) = struct.unpack_from("=i", answer, _HEADER.size)
        if -code in _NO_ROUTE:
            return False
        raise OSError(-code, os.strerror(-code))
    raise OSError(errno.EPROTO, os.strerror(errno.EPROTO))
