"""The tables, as Markdown."""

import os
import re
import subprocess
import time
from pathlib import Path
from statistics import median, quantiles

from measure import Figures
from proxies import Place, Proxy
from works import LATENCY_TARGET, MEMORY_TARGETS, TARGETS, WORKS, Work


def machine(place: Place) -> str:
    """What the figures were made on and with."""
    model = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    memory = int(re.search(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(), re.M)[1]) >> 20
    versions = [
        version([place.jwtgate, "--version"], r"jwtgate \S+"),
        version([place.envoy, "--version"], r"/(\d+\.\d+\.\d+)/", "Envoy "),
        version([place.haproxy, "-v"], r"version (\S+?)[-+ ]", "HAProxy "),
        version([place.nginx, "-v"], r"nginx/(\S+)", "NGINX "),
    ]
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.uname().machine}, {model[1] if model else 'unknown processor'}, "
        f"{os.cpu_count()} cores, {memory} GiB, Linux {os.uname().release.split('-')[0]}; {', '.join(filter(None, versions))}. "
        f"Proxies on core {place.proxy_core}, load and upstream on core {place.load_core}."
    )


def version(command: list[str], pattern: str, prefix: str = "") -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except OSError:
        return ""
    found = re.search(pattern, result.stdout + result.stderr)
    return prefix + found[found.lastindex or 0] if found else ""


def busy(figures: Figures) -> bool:
    """Whether others wanted more of the machine than a comparison can bear; proxy, upstream and load make two to three."""
    return bool(figures.busy) and median(figures.busy) > 3.5


def unsteady(figures: Figures) -> bool:
    """Whether the same work cost so much more at one time than at another that it says little of the proxies."""
    return len(figures.pace) > 4 and spread(figures.pace) > 1.2


def spread(costs: list[float]) -> float:
    """How many times the low ones the high ones are, without the outermost tenths."""
    ordered, tenth = sorted(costs), len(costs) // 10
    return ordered[-1 - tenth] / ordered[tenth]


def disturbance(figures: Figures) -> str:
    """How busy the machine was, and what that means."""
    if not figures.busy:
        return ""
    text = f"Load average meanwhile: {median(figures.busy):.1f}, at most {max(figures.busy):.1f}."
    if busy(figures):
        text += (
            " **The machine was busy with other things**: CPU time a request is then too high for all alike, ratios are"
            " good to about 10 %, and latencies say little."
        )
    if figures.pace:
        text += f" A fixed piece of work took {min(figures.pace):.0f} to {max(figures.pace):.0f} ms of CPU."
    if unsteady(figures):
        text += " **The machine was not steady**: its clock, or its neighbours, changed what all work costs from one moment to the next."
    return text


def table(head: list[str], rows: list[list[str]]) -> str:
    aligned = ["---"] + ["--:"] * (len(head) - 1)
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(aligned)}|"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def costs(figures: Figures, proxies: list[Proxy], works: list[Work]) -> str:
    """Proxies down, works across."""
    works = [work for work in works if work.name != "sizes" and work.name in figures.cost]
    rows = []
    for proxy in proxies:
        cells = [number(figures.of(work.name, proxy.name)) for work in works]
        if any(cells):
            rows.append([proxy.title, *cells])
    for algorithm in ("rs256", "es256"):
        cells = [number(figures.of(work.name, f"signature-{algorithm}")) for work in works]
        if any(cells):
            rows.append([f"one bare {algorithm.upper()} check, aws-lc-rs", *cells])
    return table(["CPU µs a request", *(work.title for work in works)], rows)


def memory(proxies: list[Proxy]) -> str:
    rows = [
        [proxy.title, *map(mebibytes, (proxy.idle, proxy.loaded, proxy.crowded, proxy.memory("VmHWM")))]
        for proxy in proxies
    ]
    head = ["resident MiB", "idle", "10,000 tokens seen, 1,000 connections open", "all 1,000 busy at once", "most of the whole run"]
    return table(head, rows)


def growth(grown: list[tuple[str, str, float]]) -> str:
    return table(["jwtgate's memory grows by", "KiB each", "measured with"], [[what, number(each), many] for what, many, each in grown])


def latency(figures: Figures, proxies: list[Proxy]) -> str:
    rows = [
        [proxy.title, f"{median(figures.p50[proxy.name]):.0f}", f"{median(figures.p99[proxy.name]):.0f}"]
        for proxy in proxies if proxy.name in figures.p50
    ]
    return table([f"µs, hot token, {figures.rate:,.0f} requests a second", "p50", "p99"], rows)


def targets(figures: Figures, proxies: dict[str, Proxy]) -> str:
    titles = {work.name: work.title for work in WORKS}
    rows = []
    for target in TARGETS:
        ratios = by_round(figures, target)
        if ratios:
            against = " + ".join(name(each, proxies) for each in target.against)
            rows.append(row(titles[target.work], against, target.limit, median(ratios), middle(ratios)))
    ours = proxies.get("jwtgate")
    if ours and ours.loaded:
        rows.append(row("resident MiB, idle", "absolute", MEMORY_TARGETS["idle"], ours.idle / 1024))
        rows.append(row("resident MiB, 10,000 tokens and 1,000 connections", "absolute", MEMORY_TARGETS["loaded"],
                        ours.loaded / 1024))
    for quantile, values in (("p50", figures.p50), ("p99", figures.p99)):
        if "jwtgate" in values and "envoy-cache" in values:
            ratio = median(values["jwtgate"]) / median(values["envoy-cache"])
            line = row(f"latency {quantile} at half load", name("envoy-cache", proxies), LATENCY_TARGET, ratio)
            why = "busy" if busy(figures) else "not steady" if unsteady(figures) else ""
            rows.append([*line[:-1], f"not judged, as the machine was {why}"] if why else line)
    met = sum(each[-1] == "met" for each in rows)
    text = table(["work", "jwtgate against", "at most", "measured", "middle half of the rounds", "target"], rows)
    return f"{text}\n\n{met} of {len(rows)} targets met." if rows else ""


def by_round(figures: Figures, target) -> list[float]:
    """Each round's ratio: the figures of one round have met the same machine. Its median is what counts."""
    rounds = figures.cost.get(target.work, {})
    ours, theirs = rounds.get(target.subject), [rounds.get(name) for name in target.against]
    if not ours or not all(theirs):
        return []
    return [mine / sum(other) for mine, *other in zip(ours, *theirs)]


def middle(ratios: list[float]) -> str:
    """Between which two lies the half of them that is in the middle."""
    low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return f"{low:.2f} to {high:.2f}"


def row(work: str, against: str, limit: float, measured: float, rounds: str = "") -> list[str]:
    return [work, against, f"{limit:.2f}", f"{measured:.2f}", rounds, "met" if measured <= limit else "**missed**"]


def name(proxy: str, proxies: dict[str, Proxy]) -> str:
    if proxy.startswith("signature-"):
        return "the bare check"
    return proxies[proxy].title if proxy in proxies else proxy


def into_readme(parts: list[str]):
    """In place of what an earlier run left between the two marks."""
    readme = Path(__file__).parents[3] / "README.md"
    begin, end = "<!-- benches/peers/run --readme writes from here -->\n", "<!-- to here -->\n"
    before, rest = readme.read_text().split(begin)
    readme.write_text(f"{before}{begin}\n" + "\n\n".join(filter(None, parts)) + f"\n\n{end}{rest.split(end)[1]}")


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def mebibytes(kibibytes: int) -> str:
    return f"{kibibytes / 1024:.1f}" if kibibytes else ""
