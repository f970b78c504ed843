"""Measures: rounds that are interleaved, so that what disturbs the machine disturbs all proxies alike."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from statistics import median

from proxies import Failed, Place, Proxy, end, spawn
from works import Work

CONNECTIONS = 32
HELD_CONNECTIONS = 1000
TOKENS_IN_TURN = 10_000


@dataclass
class Figures:
    """CPU microseconds a request, by work and proxy, a figure a round; latencies by proxy; KiB by proxy."""

    cost: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    p50: dict[str, list[float]] = field(default_factory=dict)
    p99: dict[str, list[float]] = field(default_factory=dict)
    rate: float = 0.0
    busy: list[float] = field(default_factory=list)
    # CPU milliseconds of one and the same work, now and then.
    pace: list[float] = field(default_factory=list)

    def of(self, work: str, proxy: str) -> float | None:
        rounds = self.cost.get(work, {}).get(proxy)
        return median(rounds) if rounds else None


@dataclass
class Load:
    """One run of the load generator against one proxy, which is read between `ready` and the result."""

    place: Place
    proxy: Proxy
    options: list[str]

    def __enter__(self):
        self.process = spawn(
            self.place.load_core, [self.place.tool, "load", *self.options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        if self.process.stdout.readline() != "ready\n":
            raise Failed(f"the load on {self.proxy.name} does not start: {' '.join(self.options)}")
        return self

    def run(self) -> dict:
        """The load generator's figures, with the CPU nanoseconds that the proxy used meanwhile."""
        before = self.proxy.processor_time()
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        self.proxy.alive()
        used = self.proxy.processor_time() - before
        if not line:
            raise Failed(f"the load on {self.proxy.name} broke off: {' '.join(self.options)}")
        result = json.loads(line) | {"processor": used}
        if result["wrong"]:
            raise Failed(f"{self.proxy.name} gave {result['wrong']} wrong answers; by status: {result['statuses']}")
        return result

    def __exit__(self, *_):
        self.process.stdin.close()
        end(self.process)
        self.proxy.forget_log()


def load(place: Place, proxy: Proxy, port: str, tokens: str, requests: int, *options: str,
         connections: int = CONNECTIONS) -> Load:
    unchecked = [] if proxy.checks else ["--unchecked"]
    address = f"127.0.0.1:{proxy.ports[port]}"
    return Load(place, proxy, [
        address, "--tokens", str(place.keys / tokens), "--requests", str(requests), "--ca", str(place.keys / "ca.pem"),
        "--connections", str(connections), *unchecked, *options,
    ])


def memory(place: Place, proxies: list[Proxy]):
    """With 10,000 different tokens seen, and 1,000 connections open: first few of them busy, then all at once."""
    for proxy in proxies:
        say(f"memory of {proxy.name}")
        few = ("--in-flight", str(CONNECTIONS))
        with load(place, proxy, "port", "turn.txt", TOKENS_IN_TURN, *few, connections=HELD_CONNECTIONS) as running:
            running.run()
            proxy.loaded = proxy.memory()
        with load(place, proxy, "port", "turn.txt", TOKENS_IN_TURN, connections=HELD_CONNECTIONS) as running:
            running.run()
            proxy.crowded = proxy.memory()


def works(place: Place, proxies: dict[str, Proxy], chosen: list[Work], rounds: int, full: bool, figures: Figures):
    for work in chosen:
        names = [name for name in work.proxies if name in proxies or name.startswith("signature-")]
        requests = work.full if full else work.quick
        for name in names * work.passes:
            one(place, proxies.get(name), name, work, TOKENS_IN_TURN, 0)
        for number in range(rounds):
            say(f"{work.title}, round {number + 1} of {rounds}")
            figures.busy.append(load_average())
            figures.pace.append(pace(place))
            # Each round begins with another proxy.
            for name in names[number % len(names):] + names[:number % len(names)]:
                cost = one(place, proxies.get(name), name, work, requests, number)
                figures.cost.setdefault(work.name, {}).setdefault(name, []).append(cost)


def one(place: Place, proxy: Proxy | None, name: str, work: Work, requests: int, number: int) -> float:
    """CPU microseconds a request in one round."""
    skip = number * (requests + CONNECTIONS) if work.once else 0
    if proxy is None:
        return signature(place, name.removeprefix("signature-"), requests, skip)
    tokens, port, options = work.tokens, work.port, list(work.options)
    if work.name == "new-es256" and name == "haproxy":
        port = "other_port"
    if work.name == "sizes":
        many = name == "jwtgate-many"
        tokens = "last-issuer.txt" if many else "first-issuer.txt"
        # Routes are written from the last number to 0.
        options = ["--path", "/service-0/orders/42"]
    with load(place, proxy, port, tokens, requests, "--skip", str(skip), *options) as running:
        result = running.run()
    return result["processor"] / 1000 / result["requests"]


def signature(place: Place, algorithm: str, requests: int, skip: int) -> float:
    """Of nothing but verifying, on the proxies' core."""
    command = [place.tool, "signature", str(place.keys), "--algorithm", algorithm,
               "--requests", str(requests), "--skip", str(skip)]
    process = spawn(place.proxy_core, command, stdout=subprocess.PIPE, text=True)
    output, _ = process.communicate()
    return float(output)


def latency(place: Place, proxies: list[Proxy], rate: float, seconds: float, rounds: int, figures: Figures):
    """At one rate for all, counted from when each request was due."""
    figures.rate = rate
    for number in range(rounds):
        say(f"latency at {rate:.0f} requests a second, round {number + 1} of {rounds}")
        figures.busy.append(load_average())
        for proxy in proxies:
            with load(place, proxy, "port", "hot.txt", int(rate * seconds), "--rate", f"{rate:.0f}") as running:
                result = running.run()
            figures.p50.setdefault(proxy.name, []).append(result["p50"])
            figures.p99.setdefault(proxy.name, []).append(result["p99"])


def pace(place: Place) -> float:
    """CPU milliseconds that a fixed piece of work takes on the proxies' core: what the clock and the neighbours leave of it."""
    script = "import time; sum(range(2_000_000)); print(time.process_time() * 1000)"
    process = spawn(place.proxy_core, [sys.executable, "-S", "-c", script], stdout=subprocess.PIPE, text=True)
    output, _ = process.communicate()
    return float(output)


def load_average() -> float:
    with open("/proc/loadavg") as file:
        return float(file.read().split()[0])


def say(text: str):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)
