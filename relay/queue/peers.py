"""How many attempts each next hop has, by address and port: two names of a host share them."""

from __future__ import annotations

from relay.queue.site import Peer, Site


class Peers:
    """Counts the attempts at each peer."""

    def __init__(self) -> None:
        self._at: dict[Peer, int] = {}

    def of(self, peer: Peer) -> int:
        """Attempts at a peer now."""
        return self._at.get(peer, 0)

    def attach(self, site: Site, id: str, peer: Peer) -> None:
        """An attempt of a site is at this peer."""
        site.peers[id] = peer
        self._at[peer] = self._at.get(peer, 0) + 1

    def detach(self, site: Site, id: str) -> None:
        """It is there no longer."""
        peer = site.peers.pop(id, None)
        if peer is None:
            return
        left = self._at[peer] - 1
        if left:
            self._at[peer] = left
        else:
            del self._at[peer]
