"""How jwtgate's memory grows: a fresh process for each thing that there may be many of."""

import time

from measure import CONNECTIONS, HELD_CONNECTIONS, TOKENS_IN_TURN, load, say
from proxies import Jwtgate, JwtgateSized, Place, Proxy, end

# A configuration has at most 1 MiB.
ROUTES, ISSUERS = 5_000, 200
# Enough for buffers and pools to have the size that they keep.
USUAL = 2_000


def growth(place: Place) -> list[tuple[str, str, float]]:
    """What there are many of, how many, and resident KiB for each."""
    say("growth of jwtgate's memory")
    small = idle(place, JwtgateSized("growth", "", 1, 1, 1))
    routes = idle(place, JwtgateSized("growth", "", ROUTES, 1, 1))
    issuers = idle(place, JwtgateSized("growth", "", 1, ISSUERS, 1))
    return [
        ("a route", f"{ROUTES:,}", (routes - small) / ROUTES),
        ("an issuer, with a key set of two keys", f"{ISSUERS:,}", (issuers - small) / ISSUERS),
        ("a verified token of 1 KiB", f"{TOKENS_IN_TURN:,}", tokens(place) / TOKENS_IN_TURN),
        ("an open connection, idle", f"{HELD_CONNECTIONS:,}", connections(place, CONNECTIONS) / HELD_CONNECTIONS),
        ("a connection with a request on its way", f"{HELD_CONNECTIONS:,}", connections(place, HELD_CONNECTIONS) / HELD_CONNECTIONS),
    ]


def idle(place: Place, proxy: Proxy) -> int:
    proxy.start(place)
    try:
        time.sleep(1)
        return proxy.memory()
    finally:
        end(proxy.process)


def tokens(place: Place) -> int:
    def more(proxy: Proxy) -> int:
        # What was sent but once is soon forgotten; a token that came again is noticed, and one that comes a third time is kept.
        with load(place, proxy, "port", "turn.txt") as running:
            running.run(3 * TOKENS_IN_TURN)
            return proxy.memory()

    return beyond_usual(place, more)


def connections(place: Place, in_flight: int) -> int:
    def more(proxy: Proxy) -> int:
        options = ("--in-flight", str(in_flight))
        with load(place, proxy, "port", "hot.txt", *options, connections=HELD_CONNECTIONS) as running:
            running.run(TOKENS_IN_TURN)
            return proxy.memory()

    return beyond_usual(place, more)


def beyond_usual(place: Place, more) -> int:
    """What `more` adds to a process that has served one token over a few connections."""
    proxy = Jwtgate("growth", "")
    proxy.start(place)
    try:
        with load(place, proxy, "port", "hot.txt") as running:
            running.run(USUAL)
            usual = proxy.memory()
        return more(proxy) - usual
    finally:
        end(proxy.process)
