"""Compares jwtgate with other proxies; started by benches/peers/run, which describes it."""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import measure
import report
from growth import growth
from proof import prove
from proxies import Failed, Place, Proxy, all_proxies, end, raise_file_limit, spawn
from works import WORKS, Work

# Rounds, and seconds of each round at a fixed rate.
QUICK, FULL = (40, 3.0), (120, 15.0)


def main() -> int:
    arguments = parse()
    names = {work.name for work in WORKS} | {"memory", "growth", "latency"}
    known = {proxy.name for proxy in all_proxies()}
    if arguments.list:
        print("work:   ", ", ".join([work.name for work in WORKS] + ["memory", "growth", "latency"]))
        print("proxies:", ", ".join(proxy.name for proxy in all_proxies()))
        return 0
    for given, possible in ((arguments.work, names), (arguments.proxies, known)):
        if unknown := set(given or []) - possible:
            sys.exit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(sorted(possible))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    raise_file_limit()
    try:
        compare(arguments)
    except Failed as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benches/peers/run", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="40 short rounds, some five minutes (the default)")
    size.add_argument("--full", action="store_true", help="120 rounds, three times as long")
    split = lambda text: text.split(",")  # noqa: E731
    parser.add_argument("--work", type=split, metavar="NAME,…", help="only this; see --list")
    parser.add_argument("--proxies", type=split, metavar="NAME,…", help="only these; see --list")
    parser.add_argument("--rounds", type=int, help="in place of 40 or 120")
    parser.add_argument("--output", type=Path, help="write the tables to a file, too")
    parser.add_argument("--readme", action="store_true", help="write what operators want to know into README.md")
    parser.add_argument("--list", action="store_true", help="name the work and the proxies there are")
    parser.add_argument("--jwtgate", metavar="PROGRAM", default="jwtgate", help="in place of a release build of the tree")
    for program in ("tool", "envoy", "haproxy", "nginx"):
        parser.add_argument(f"--{program}", default=program, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(arguments: argparse.Namespace):
    rounds, seconds = FULL if arguments.full else QUICK
    rounds = arguments.rounds or rounds
    wanted = lambda name: not arguments.work or name in arguments.work  # noqa: E731
    works = [work for work in WORKS if wanted(work.name)]
    with ExitStack() as cleanup:
        place = prepare(arguments, cleanup)
        sign(place, works, rounds)
        proxies = start(arguments, place, cleanup)
        for proxy in proxies.values():
            if proxy.checks and not proxy.name.startswith("jwtgate-"):
                count = prove(proxy, place)
                measure.say(f"{proxy.name} refuses and passes what it should in {count} cases")
        figures = measure.Figures()
        compared = [proxy for proxy in proxies.values() if not proxy.name.startswith("jwtgate-")]
        if wanted("memory"):
            measure.memory(place, compared)
        measure.works(place, proxies, works, rounds, figures)
        if wanted("latency"):
            names = [name for name in ("jwtgate", "envoy-cache", "haproxy", "bare") if name in proxies]
            measure.latency(place, [proxies[name] for name in names], rate(figures), seconds, min(rounds, 3), figures)
        grown = growth(place) if wanted("growth") and "jwtgate" in proxies else []
        write(arguments, place, figures, proxies, compared, works, grown)


def prepare(arguments: argparse.Namespace, cleanup: ExitStack) -> Place:
    """A directory that is removed at the end, two cores, and an upstream."""
    work = Path(tempfile.mkdtemp(prefix="jwtgate-peers-"))
    cleanup.callback(shutil.rmtree, work, ignore_errors=True)
    (work / "keys").mkdir()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        measure.say("only one core: load and proxies share it, and latencies mean nothing")
    place = Place(
        arguments.tool, arguments.jwtgate, arguments.envoy, arguments.haproxy, arguments.nginx, work, cores[0], cores[-1]
    )
    upstream = spawn(place.load_core, [place.tool, "upstream"], stdout=subprocess.PIPE, text=True)
    cleanup.callback(end, upstream)
    place.upstream = re.match(r"address=(.*)\n", upstream.stdout.readline())[1]
    return place


def sign(place: Place, works: list[Work], rounds: int):
    """As many tokens as are used once, and the warm-up of each connection besides."""
    sizes = {work.name: rounds * work.requests + measure.CONNECTIONS for work in works if work.once}
    new = max(sizes.get("new-rs256", 1), sizes.get("new-es256", 1))
    forged = sizes.get("forged", 10)
    measure.say(f"signing {new * 2 + forged // 10 + measure.TOKENS_IN_TURN} tokens")
    subprocess.run(
        [place.tool, "sign", str(place.keys), "--turn", str(measure.TOKENS_IN_TURN), "--new", str(new), "--forged", str(forged)],
        check=True,
    )


def start(arguments: argparse.Namespace, place: Place, cleanup: ExitStack) -> dict[str, Proxy]:
    """Those that are wanted, all at once; each is read while it is idle."""
    proxies = [proxy for proxy in all_proxies() if not arguments.proxies or proxy.name in arguments.proxies]
    for program in ("envoy", "haproxy", "nginx"):
        if shutil.which(getattr(arguments, program)) is None:
            measure.say(f"LEFT OUT, as it is not installed: {program}")
            proxies = [proxy for proxy in proxies if not proxy.name.startswith(program)]
    for proxy in proxies:
        proxy.start(place)
        cleanup.callback(end, proxy.process)
    time.sleep(1)
    for proxy in proxies:
        proxy.idle = proxy.memory()
    return {proxy.name: proxy for proxy in proxies}


def rate(figures: measure.Figures) -> float:
    """Half of what one core's worth of Envoy can carry, as measured; a guess where that was left out."""
    cost = figures.of("hot", "envoy-cache") or 80.0
    return 0.5e6 / cost


def write(arguments, place: Place, figures: measure.Figures, proxies: dict[str, Proxy], compared: list[Proxy], works, grown):
    parts = [report.machine(place), report.disturbance(figures)]
    if figures.cost:
        parts.append(report.costs(figures, compared, works))
    if any(proxy.loaded for proxy in compared):
        parts.append(report.memory(compared))
    if grown:
        parts.append(report.growth(grown))
    latency = report.latency(figures, compared) if figures.p50 else ""
    if arguments.readme:
        # Latencies of such a machine would only mislead.
        doubtful = report.busy(figures) or report.unsteady(figures)
        report.into_readme(parts if doubtful else [*parts, latency])
    text = "\n\n".join(filter(None, [*parts, latency, report.targets(figures, proxies)])) + "\n"
    print(text)
    if arguments.output:
        arguments.output.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
