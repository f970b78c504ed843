"""What is measured: kinds of work, with the proxies that do each, and what must be reached."""

from dataclasses import dataclass

CHECKING = ["jwtgate", "envoy-cache", "envoy", "haproxy"]
PLAIN = ["bare", "haproxy-plain", "nginx-plain", "envoy-plain"]


@dataclass(frozen=True)
class Work:
    """`tokens` is a file; `once` says that no proxy may see a token twice; `requests` are those of a round: few, so that
    the proxies of a round meet the same clock and neighbours. What a cache does when it has seen all tokens is measured
    after so many `passes` over them, of which some caches want two."""

    name: str
    title: str
    proxies: list[str]
    tokens: str
    requests: int
    once: bool = False
    passes: int = 0
    port: str = "port"
    options: tuple[str, ...] = ()


WORKS = [
    Work("hot", "hot token", CHECKING + PLAIN, "hot.txt", 800),
    Work("turn", "10,000 tokens in turn", ["jwtgate", "bare", "envoy-cache", "envoy", "haproxy"], "turn.txt", 800,
         passes=2),
    Work("new-rs256", "every token new, RS256", ["jwtgate", "bare", "signature-rs256", "envoy-cache", "envoy", "haproxy"],
         "new-rs256.txt", 300, once=True),
    Work("new-es256", "every token new, ES256", ["jwtgate", "bare", "signature-es256", "envoy-cache", "envoy", "haproxy"],
         "new-es256.txt", 300, once=True),
    Work("forged", "90 % forged, all different", ["jwtgate", "envoy-cache", "envoy", "haproxy"],
         "forged.txt", 300, once=True),
    Work("tls", "hot token, TLS 1.3 keep-alive", ["jwtgate", "envoy-cache", "haproxy"], "hot.txt", 800,
         port="tls_port", options=("--protocol", "tls")),
    Work("http2", "hot token, HTTP/2 over TLS", ["jwtgate", "envoy-cache", "haproxy"], "hot.txt", 800,
         port="tls_port", options=("--protocol", "http2")),
    Work("handshake", "a new TLS connection per request", ["jwtgate", "envoy-cache", "haproxy"], "hot.txt", 100,
         port="tls_port", options=("--protocol", "handshake")),
    Work("answers", "64 KiB answers", ["jwtgate", "bare"], "hot.txt", 300, options=("--path", "/big")),
    Work("uploads", "1 MiB uploads", ["jwtgate", "bare"], "hot.txt", 96, options=("--upload", str(1 << 20))),
    Work("sizes", "many routes, issuers and terms", ["jwtgate-one", "jwtgate-many"], "", 800),
]


@dataclass(frozen=True)
class Target:
    """jwtgate's figure of a work, over the sum of those of `against`, is to be at most `limit`."""

    work: str
    against: tuple[str, ...]
    limit: float
    subject: str = "jwtgate"


TARGETS = [
    Target("hot", ("bare",), 1.15),
    Target("hot", ("envoy-cache",), 0.30),
    Target("hot", ("haproxy",), 0.32),
    Target("hot", ("haproxy-plain",), 1.10),
    Target("turn", ("bare",), 1.25),
    Target("new-rs256", ("bare", "signature-rs256"), 1.20),
    Target("new-rs256", ("envoy",), 0.28),
    Target("new-rs256", ("haproxy",), 0.62),
    Target("new-es256", ("envoy",), 0.36),
    Target("new-es256", ("haproxy",), 0.60),
    Target("forged", ("envoy",), 0.40),
    Target("forged", ("haproxy",), 0.62),
    Target("tls", ("envoy-cache",), 0.27),
    Target("http2", ("envoy-cache",), 0.38),
    Target("handshake", ("envoy-cache",), 0.55),
    Target("answers", ("bare",), 1.10),
    Target("uploads", ("bare",), 1.10),
    Target("sizes", ("jwtgate-one",), 1.10, subject="jwtgate-many"),
]

# MiB, before the first request, and with 10,000 tokens seen and 1,000 connections open.
MEMORY_TARGETS = {"idle": 16, "loaded": 48}
# Against Envoy with its cache.
LATENCY_TARGET = 0.6
