// A second opinion on tokens, by `jose`: reads a JSON object a line, answers `accept` or `refuse CODE` a line.
//   {"token": …, "jwk": …, "alg": …, "issuer": …, "audience": […], "leeway": SECONDS, "now": SECONDS}
// It is given the one key and the one algorithm; everything else is its own judgement.

import { createInterface } from 'node:readline';
import { importJWK, jwtVerify } from 'jose';

const keys = new Map();

async function keyOf(jwk, alg) {
  const name = JSON.stringify([jwk, alg]);
  if (!keys.has(name)) keys.set(name, await importJWK(jwk, alg));
  return keys.get(name);
}

async function opinion({ token, jwk, alg, issuer, audience, leeway, now }) {
  const key = await keyOf(jwk, alg);
  try {
    await jwtVerify(token, key, {
      algorithms: [alg],
      issuer,
      audience,
      clockTolerance: leeway,
      currentDate: new Date(now * 1000),
      requiredClaims: ['exp'],
    });
    return 'accept';
  } catch (error) {
    return `refuse ${error.code ?? error.message}`;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${await opinion(JSON.parse(line))}\n`);
}
