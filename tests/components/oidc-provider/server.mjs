// A real OpenID Provider for the integration tests: the npm package `oidc-provider`, which knows nothing of jwtgate.
// Discovery, the key set and the tokens are the package's own; this file only configures it and rotates its keys.
//
//   node server.mjs
//
// Both servers listen on ports of 127.0.0.1 that the system chooses. When they do, one line of JSON goes to standard
// output: {"issuer": URL, "control": URL, "algorithms": […], "audience": …, "clients": {ID: SECRET, …}}.
//
//   POST <issuer>/token    client_credentials with HTTP Basic, resource=urn:orders-api:ALGORITHM, scope=…
//                          gives an `at+jwt` for the audience `orders-api`, signed with that algorithm; the claim
//                          realm_access.roles holds the client's id, `tenant` is `acme`
//   POST <control>/rotate  a new key of each algorithm, which signs from now on; the old ones stay in the key set,
//                          or are withdrawn from it with ?withdraw=1; answers {"kids": [the published ones]}
//
// It ends when its standard input closes, so that it never outlives the test that started it.

import { generateKeyPair } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import Provider from 'oidc-provider';

const AUDIENCE = 'orders-api';
const SCOPES = 'orders:read orders:write';
const CLIENTS = { clerk: 'clerk-secret-of-the-tests', admin: 'admin-secret-of-the-tests' };
const KEY_TYPES = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
};
const ALGORITHMS = Object.keys(KEY_TYPES);
const RESOURCE = new RegExp(`^urn:${AUDIENCE}:(${ALGORITHMS.join('|')})$`);

const generate = promisify(generateKeyPair);
let generation = 0;

async function newKeys() {
  generation += 1;
  return Promise.all(ALGORITHMS.map(async (alg) => {
    const { privateKey } = await generate(...KEY_TYPES[alg]);
    return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: `${alg.toLowerCase()}-${generation}` };
  }));
}

function provider(issuer, keys) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: Object.entries(CLIENTS).map(([id, secret]) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    })),
    scopes: SCOPES.split(' '),
    extraTokenClaims: (_context, token) => ({ realm_access: { roles: [token.clientId] }, tenant: 'acme' }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(_context, resource) {
          const alg = RESOURCE.exec(resource)?.[1];
          if (!alg) throw new Error(`no such resource: ${resource}`);
          return { scope: SCOPES, audience: AUDIENCE, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg } } };
        },
      },
    },
  });
}

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

let keys = await newKeys();
let handle = (_request, response) => response.writeHead(503).end();
const issuer = await listen(createServer((request, response) => handle(request, response)));
handle = provider(issuer, keys).callback();

const control = await listen(createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://control');
  if (request.method !== 'POST' || pathname !== '/rotate') {
    response.writeHead(404).end();
    return;
  }
  // The package takes its keys at construction: a rotation is a new instance behind the same URL.
  const old = searchParams.get('withdraw') === '1' ? [] : keys;
  keys = [...await newKeys(), ...old];
  handle = provider(issuer, keys).callback();
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kids: keys.map((key) => key.kid) }));
}));

process.stdin.resume();
process.stdin.on('close', () => process.exit(0));
console.log(JSON.stringify({ issuer, control, algorithms: ALGORITHMS, audience: AUDIENCE, clients: CLIENTS }));
