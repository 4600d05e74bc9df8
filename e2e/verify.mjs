// Verifies access tokens as a resource server does that knows nothing but the issuer:
//
//   node verify.mjs
//
// It reads {"issuer", "audience", "token", "now"} lines and answers each with a line,
// {"payload"} or {"error"}.
import { createInterface } from 'node:readline';
import { createRemoteJWKSet, jwtVerify } from 'jose';

async function verify({ issuer, audience, token, now }) {
  const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
  const metadata = await answer.json();
  if (metadata.issuer !== issuer) {
    throw new Error(`the metadata are of ${metadata.issuer}`);
  }
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
  const { payload } = await jwtVerify(token, keys, {
    issuer, audience, currentDate: new Date(now), typ: 'at+jwt',
    algorithms: metadata.id_token_signing_alg_values_supported,
    requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id'], // RFC 9068, section 2.2
  });
  return payload;
}

for await (const line of createInterface({ input: process.stdin })) {
  let out;
  try {
    out = { payload: await verify(JSON.parse(line)) };
  } catch (err) {
    out = { error: err.code ?? err.message };
  }
  console.log(JSON.stringify(out));
}
