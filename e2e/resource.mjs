// A resource server that lives long, and reads an app's keys as jose does by itself:
//
//   node resource.mjs ISSUER AUDIENCE
//
// It reads lines in any number at once: {"id", "now"} sets its clock, {"id", "token"} is to
// be verified. It answers each with a line, {"id"} or {"id", "error"}.
import { createInterface } from 'node:readline';

// The clock stands still between two lines that set it. What it starts from lies before
// any that is set.
let now = 0;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [now] : args));
  }

  static now() {
    return now;
  }
};

const { createRemoteJWKSet, jwtVerify } = await import('jose');
const [issuer, audience] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));

async function answer(ask) {
  if (ask.now) {
    now = ask.now;
    return { id: ask.id };
  }
  try {
    await jwtVerify(ask.token, keys, { issuer, audience, typ: 'at+jwt' });
    return { id: ask.id };
  } catch (err) {
    return { id: ask.id, error: err.code ?? err.message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  answer(JSON.parse(line)).then((out) => console.log(JSON.stringify(out)));
}
