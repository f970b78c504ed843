"""Proves that a proxy does the work that it is measured at: a number for a proxy that lets everything pass means nothing."""

import http.client
import json
import ssl

from proxies import Failed, Place, Proxy

REFUSED = (401, 403)


def prove(proxy: Proxy, place: Place) -> int:
    """Sends one request of each case, and returns how many there were."""
    cases = json.loads((place.keys / "cases.json").read_text())
    doors = [("port", "RS256")]
    if proxy.name in ("jwtgate", "envoy", "envoy-cache"):
        doors += [("port", "ES256"), ("tls_port", "RS256"), ("tls_port", "ES256")]
    if proxy.name == "haproxy":
        doors += [("other_port", "ES256"), ("tls_port", "RS256")]
    proved = 0
    for door, algorithm in doors:
        for name, token in cases[algorithm].items():
            judge(proxy, place, door, f"{algorithm} token {name}", token, name == "right")
            proved += 1
        judge(proxy, place, door, "request without a token", None, False)
        proved += 1
    return proved


def judge(proxy: Proxy, place: Place, door: str, what: str, token: str | None, passes: bool):
    status, body = get(proxy, place, door, token)
    if not passes:
        if status not in REFUSED:
            raise Failed(f"{proxy.name} answers {status} to a {what}, where it must refuse")
        return
    if status != 200:
        raise Failed(f"{proxy.name} answers {status} to a {what}, where it must pass")
    head = body.lower()
    if "\r\nx-user: alice\r\n" not in head:
        raise Failed(f"{proxy.name} does not forward the claim; the upstream got:\n{body}")
    if "\r\nauthorization:" in head:
        raise Failed(f"{proxy.name} forwards the token; the upstream got:\n{body}")
    if "\r\nx-request-id: " not in head:
        raise Failed(f"{proxy.name} sends no request id; the upstream got:\n{body}")


def get(proxy: Proxy, place: Place, door: str, token: str | None) -> tuple[int, str]:
    """Status and body; the upstream answers /echo with the head that it got."""
    port = proxy.ports[door]
    if door == "tls_port":
        trust = ssl.create_default_context(cafile=str(place.keys / "ca.pem"))
        trust.minimum_version = ssl.TLSVersion.TLSv1_3
        connection = http.client.HTTPSConnection("localhost", port, context=trust, timeout=10)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/echo", headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()
