"""Measures: many short rounds, interleaved, so that what disturbs the machine disturbs all proxies alike."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from statistics import median

from proxies import Failed, Place, Proxy, end, spawn
from works import Work

CONNECTIONS = 32
HELD_CONNECTIONS = 1000
TOKENS_IN_TURN = 10_000
# Seconds in which a proxy ends what it does after a request has been answered.
LATE_WORK = 0.015
# Rounds after which the machine is looked at again.
LOOK_EVERY = 5


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
    """The load generator, connected to one proxy until the end of the block."""

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

    def run(self, requests: int) -> dict:
        """The load generator's figures, with the CPU nanoseconds that the proxy used meanwhile."""
        before = self.proxy.processor_time()
        line = ask(self.process, requests)
        self.proxy.alive()
        # jwtgate writes its log some milliseconds after the requests, and that is part of their cost.
        time.sleep(LATE_WORK)
        used = self.proxy.processor_time() - before
        if not line:
            raise Failed(f"the load on {self.proxy.name} broke off: {' '.join(self.options)}")
        result = json.loads(line) | {"processor": used}
        if result["wrong"]:
            raise Failed(f"{self.proxy.name} gave {result['wrong']} wrong answers; by status: {result['statuses']}")
        return result

    def cost(self, requests: int) -> float:
        """CPU microseconds a request."""
        result = self.run(requests)
        return result["processor"] / 1000 / result["requests"]

    def __exit__(self, *_):
        hang_up(self.process)
        self.proxy.forget_log()


@dataclass
class Signature:
    """Nothing but verifying, on the proxies' core, until the end of the block."""

    place: Place
    algorithm: str

    def __enter__(self):
        command = [self.place.tool, "signature", str(self.place.keys), "--algorithm", self.algorithm]
        self.process = spawn(self.place.proxy_core, command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def cost(self, checks: int) -> float:
        """CPU microseconds a check."""
        if not (line := ask(self.process, checks)):
            raise Failed(f"the bare {self.algorithm} checks broke off")
        return float(line)

    def __exit__(self, *_):
        hang_up(self.process)


def ask(process: subprocess.Popen, count: int) -> str:
    """One line of answer to one line of question; nothing from a process that has ended."""
    try:
        process.stdin.write(f"{count}\n")
        process.stdin.flush()
    except BrokenPipeError:
        return ""
    return process.stdout.readline()


def hang_up(process: subprocess.Popen):
    """Ends a process that waits for questions, or has ended already."""
    with suppress(BrokenPipeError):
        process.stdin.close()
    end(process)


def load(place: Place, proxy: Proxy, port: str, tokens: str, *options: str, connections: int = CONNECTIONS) -> Load:
    unchecked = [] if proxy.checks else ["--unchecked"]
    address = f"127.0.0.1:{proxy.ports[port]}"
    return Load(place, proxy, [
        address, "--tokens", str(place.keys / tokens), "--ca", str(place.keys / "ca.pem"),
        "--connections", str(connections), *unchecked, *options,
    ])


def memory(place: Place, proxies: list[Proxy]):
    """With 10,000 different tokens seen, and 1,000 connections open: first few of them busy, then all at once."""
    for proxy in proxies:
        say(f"memory of {proxy.name}")
        few = ("--in-flight", str(CONNECTIONS))
        with load(place, proxy, "port", "turn.txt", *few, connections=HELD_CONNECTIONS) as running:
            running.run(TOKENS_IN_TURN)
            proxy.loaded = proxy.memory()
        with load(place, proxy, "port", "turn.txt", connections=HELD_CONNECTIONS) as running:
            running.run(TOKENS_IN_TURN)
            proxy.crowded = proxy.memory()


def works(place: Place, proxies: dict[str, Proxy], chosen: list[Work], rounds: int, figures: Figures):
    for work in chosen:
        names = [name for name in work.proxies if name in proxies or name.startswith("signature-")]
        if not any(name in proxies for name in names):
            continue
        say(f"{work.title}, {rounds} rounds")
        with ExitStack() as stack:
            running = {name: stack.enter_context(worker(place, proxies.get(name), name, work)) for name in names}
            for name in names * work.passes:
                running[name].run(TOKENS_IN_TURN)
            costs = figures.cost.setdefault(work.name, {name: [] for name in names})
            for number in range(rounds):
                if number % LOOK_EVERY == 0:
                    figures.busy.append(load_average())
                    figures.pace.append(pace(place))
                # Each round begins with another proxy.
                for name in names[number % len(names):] + names[:number % len(names)]:
                    costs[name].append(running[name].cost(work.requests))


def worker(place: Place, proxy: Proxy | None, name: str, work: Work) -> Load | Signature:
    """What has this proxy do this work."""
    if proxy is None:
        return Signature(place, name.removeprefix("signature-"))
    tokens, port, options = work.tokens, work.port, list(work.options)
    if work.name == "new-es256" and name == "haproxy":
        port = "other_port"
    if work.name == "sizes":
        many = name == "jwtgate-many"
        tokens = "last-issuer.txt" if many else "first-issuer.txt"
        # Routes are written from the last number to 0.
        options = ["--path", "/service-0/orders/42"]
    return load(place, proxy, port, tokens, *options)


def latency(place: Place, proxies: list[Proxy], rate: float, seconds: float, rounds: int, figures: Figures):
    """At one rate for all, counted from when each request was due."""
    figures.rate = rate
    for number in range(rounds):
        say(f"latency at {rate:.0f} requests a second, round {number + 1} of {rounds}")
        figures.busy.append(load_average())
        for proxy in proxies:
            with load(place, proxy, "port", "hot.txt", "--rate", f"{rate:.0f}") as running:
                result = running.run(int(rate * seconds))
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
