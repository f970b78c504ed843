// Proves that the provider does what the integration tests take for granted, with a verifier that is not ours (`jose`):
//   node --test self-test.mjs

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';

const child = spawn(process.execPath, [new URL('server.mjs', import.meta.url).pathname], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
after(() => child.stdin.destroy());
const [line] = await once(createInterface({ input: child.stdout }), 'line');
const { issuer, control, algorithms, audience, clients } = JSON.parse(line);
const discovery = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();

async function keySet() {
  return createLocalJWKSet(await (await fetch(discovery.jwks_uri)).json());
}

async function token(algorithm, client = 'clerk') {
  const answer = await fetch(discovery.token_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:${clients[client]}`)}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      resource: `urn:orders-api:${algorithm}`,
      scope: 'orders:read',
    }),
  });
  const body = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(body));
  return body.access_token;
}

async function rotate(query = '') {
  const answer = await fetch(`${control}/rotate${query}`, { method: 'POST' });
  assert.equal(answer.status, 200);
  return answer.json();
}

test('discovery names the issuer and its key set', () => {
  assert.equal(discovery.issuer, issuer);
  assert.equal(new URL(discovery.jwks_uri).origin, issuer);
});

assert.deepEqual(algorithms, ['RS256', 'PS256', 'ES256', 'EdDSA']);
for (const algorithm of algorithms) {
  test(`a token of ${algorithm} verifies by the published keys`, async () => {
    const { payload, protectedHeader } = await jwtVerify(await token(algorithm), await keySet(), {
      issuer,
      audience,
      typ: 'at+jwt',
      algorithms: [algorithm],
    });
    assert.ok(protectedHeader.kid);
    assert.equal(payload.sub, 'clerk');
    assert.equal(payload.scope, 'orders:read');
    assert.deepEqual(payload.realm_access, { roles: ['clerk'] });
  });
}

test('the other client has the other role', async () => {
  const { payload } = await jwtVerify(await token('ES256', 'admin'), await keySet());
  assert.deepEqual(payload.realm_access, { roles: ['admin'] });
});

test('a rotation signs with new keys and keeps the old ones', async () => {
  const before = await token('RS256');
  const { kids } = await rotate();
  assert.equal(kids.length, 2 * algorithms.length);
  const keys = await keySet();
  const first = await jwtVerify(before, keys);
  const second = await jwtVerify(await token('RS256'), keys);
  assert.notEqual(first.protectedHeader.kid, second.protectedHeader.kid);
});

test('a withdrawal drops the old keys', async () => {
  const before = await token('EdDSA');
  const { kids } = await rotate('?withdraw=1');
  assert.equal(kids.length, algorithms.length);
  await assert.rejects(jwtVerify(before, await keySet()), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  await jwtVerify(await token('EdDSA'), await keySet());
});

test('the provider ends when its standard input closes', async () => {
  const ended = once(child, 'exit');
  child.stdin.end();
  assert.deepEqual(await ended, [0, null]);
});
