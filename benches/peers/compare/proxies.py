"""The proxies that are compared: how each is configured, started, read and ended."""

import ctypes
import os
import re
import resource
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

CONFIGURATIONS = Path(__file__).parent.parent / "configurations"
KERNEL = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """What was to be measured does not work; the text says what to look at."""


@dataclass
class Place:
    """What all proxies of a run share."""

    tool: str
    jwtgate: str
    envoy: str
    haproxy: str
    nginx: str
    work: Path
    proxy_core: int
    load_core: int
    upstream: str = ""

    @property
    def keys(self) -> Path:
        return self.work / "keys"


def spawn(core: int, command: list[str], **options) -> subprocess.Popen:
    """A child on one core, which ends when this process does, however that ends."""

    def prepare():
        os.sched_setaffinity(0, {core})
        KERNEL.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

    return subprocess.Popen(command, preexec_fn=prepare, start_new_session=True, **options)


def end(process: subprocess.Popen):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def fill(text: str, values: dict) -> str:
    """Puts values in the places of a configuration that are written @name@."""
    return re.sub(r"@([a-z_]+)@", lambda place: str(values[place[1]]), text)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass
class Proxy:
    """One proxy with one configuration, in a process of its own."""

    name: str
    title: str
    checks: bool = True
    process: subprocess.Popen | None = None
    ports: dict[str, int] = field(default_factory=dict)
    log: Path | None = None
    access: Path | None = None
    # Resident KiB: before the first request; with many tokens and connections; with all of these busy at once.
    idle: int = 0
    loaded: int = 0
    crowded: int = 0

    def command(self, place: Place, configuration: Path) -> list[str]:
        raise NotImplementedError

    def configuration(self, place: Place) -> str:
        raise NotImplementedError

    def values(self, place: Place) -> dict:
        host, port = place.upstream.rsplit(":", 1)
        return {
            "keys": place.keys, "work": place.work, "name": self.name, "upstream": place.upstream,
            "upstream_host": host, "upstream_port": port, **self.ports,
        }

    def start(self, place: Place):
        self.ports = dict(zip(("port", "tls_port", "other_port"), free_ports(3)))
        configuration = place.work / f"{self.name}.configuration"
        configuration.write_text(fill(self.configuration(place), self.values(place)))
        self.log, self.access = place.work / f"{self.name}.log", place.work / f"{self.name}.access"
        with open(self.log, "ab") as log, open(self.access, "ab") as access:
            self.process = spawn(
                place.proxy_core, self.command(place, configuration), stdin=subprocess.DEVNULL, stdout=access, stderr=log
            )
        self.wait()

    def wait(self):
        """Until it accepts connections."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.ports["port"]), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        tail = self.log.read_text(errors="replace")[-2000:]
        raise Failed(f"{self.name} does not start; the end of its log:\n{tail}")

    def processor_time(self) -> int:
        """User and system time of all its threads so far, in nanoseconds."""
        total = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except FileNotFoundError:
                pass  # a thread that has just ended
        return total

    def memory(self, name: str = "VmRSS") -> int:
        """Resident KiB; VmHWM for the most there ever was."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB$", status, re.M)[1])

    def forget_log(self):
        """The access log is written, as an operator would have it; nobody needs it afterwards."""
        os.truncate(self.access, 0)

    def alive(self):
        if self.process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise Failed(f"{self.name} ended with status {self.process.returncode}; the end of its log:\n{tail}")


class Jwtgate(Proxy):
    def command(self, place, configuration):
        return [place.jwtgate, "run", "--config", str(configuration)]

    def configuration(self, place):
        return (CONFIGURATIONS / "jwtgate.yaml").read_text()


class JwtgateSized(Jwtgate):
    """With so many routes, issuers and terms of a policy; the last route and the last issuer are asked for."""

    def __init__(self, name: str, title: str, routes: int, issuers: int, terms: int):
        super().__init__(name, title)
        self.routes, self.issuers, self.terms = routes, issuers, terms

    def configuration(self, place):
        lines = [
            "listeners: [{ address: 127.0.0.1:@port@ }]",
            "admin: { address: 127.0.0.1:@other_port@ }",
            "upstreams: { orders: { endpoints: ['http://@upstream@'] } }",
            "identity: { headers: { X-User: claims.sub } }",
            "shutdown: { delay: 0s, timeout: 1s }",
            "issuers:",
        ]
        lines += [
            f"  issuer-{number}: {{ issuer: https://id.example.com/realms/{number}, audiences: [orders-api],"
            " keys: { jwks_file: '@keys@/jwks.json' } }"
            for number in range(self.issuers)
        ]
        lines += ["policies:", "  clerks:", "    all_of:"]
        lines += [f"      - {{ roles: {{ any: [role-{number}, clerk] }} }}" for number in range(self.terms)]
        lines.append("routes:")
        # The one that is asked for comes last, and is the same whatever the size.
        for number in reversed(range(self.routes)):
            lines.append(
                f"  - {{ name: route-{number}, match: {{ path: '/service-{number}/orders/{{id}}' }},"
                " access: { require: clerks }, upstream: orders }"
            )
        return "\n".join(lines) + "\n"


class Bare(Proxy):
    """hyper, and hyper-util's pooled client; it chooses its own port and prints it."""

    def configuration(self, place):
        return ""

    def command(self, place, configuration):
        return [place.tool, "bare-proxy", place.upstream]

    def wait(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := re.search(r"^address=.*:(\d+)\n", self.access.read_text()):
                self.ports["port"] = int(found[1])
                return super().wait()
            time.sleep(0.05)
        raise Failed("the bare proxy does not start")


class Envoy(Proxy):
    def __init__(self, name: str, title: str, checks: bool = True, cache: int = 0):
        super().__init__(name, title, checks)
        self.cache = cache

    def configuration(self, place):
        return (CONFIGURATIONS / ("envoy.yaml" if self.checks else "envoy-plain.yaml")).read_text()

    def values(self, place):
        cache = f"jwt_cache_config: {{ jwt_cache_size: {self.cache} }}" if self.cache else ""
        return super().values(place) | {"cache": cache}

    def command(self, place, configuration):
        # Envoy tells the format by the name.
        named = configuration.with_suffix(".yaml")
        named.write_text(configuration.read_text())
        return [
            place.envoy, "--config-path", str(named), "--concurrency", "1", "--disable-hot-restart", "--log-level", "error",
        ]


class HAProxy(Proxy):
    def configuration(self, place):
        return (CONFIGURATIONS / f"{self.name}.cfg").read_text()

    def command(self, place, configuration):
        return [place.haproxy, "-db", "-q", "-f", str(configuration)]


class Nginx(Proxy):
    def configuration(self, place):
        return (CONFIGURATIONS / "nginx-plain.conf").read_text()

    def command(self, place, configuration):
        return [place.nginx, "-p", str(place.work), "-e", "stderr", "-c", str(configuration)]


def all_proxies() -> list[Proxy]:
    """In the order of the tables. The Envoy cache is large enough for all tokens that are used in turn."""
    return [
        Jwtgate("jwtgate", "jwtgate"),
        Bare("bare", "bare hyper proxy, no check", checks=False),
        Envoy("envoy-cache", "Envoy `jwt_authn` + RBAC, with its token cache", cache=20_000),
        Envoy("envoy", "Envoy `jwt_authn` + RBAC, without"),
        HAProxy("haproxy", "HAProxy `jwt_verify`"),
        HAProxy("haproxy-plain", "HAProxy plain, no check", checks=False),
        Nginx("nginx-plain", "NGINX plain, no check", checks=False),
        Envoy("envoy-plain", "Envoy plain, no check", checks=False),
        JwtgateSized("jwtgate-one", "jwtgate with one route, one issuer, one term", 1, 1, 1),
        JwtgateSized("jwtgate-many", "jwtgate with 1,000 routes, 20 issuers, 20 terms", 1000, 20, 20),
    ]


def raise_file_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
