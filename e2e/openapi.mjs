// Holds OpenAPI documents against the schema of their version, as the OpenAPI Initiative publishes
// it:
//
//   node openapi.mjs
//
// It reads {"url"} lines and answers each with a line, {"version"} or {"error"}.
import { createInterface } from 'node:readline';
import { Validator } from '@seriousme/openapi-schema-validator';

async function validate({ url }) {
  const answer = await fetch(url);
  const validator = new Validator();
  const { valid, errors } = await validator.validate(await answer.json());
  if (!valid) {
    throw new Error(JSON.stringify(errors));
  }
  return validator.version;
}

for await (const line of createInterface({ input: process.stdin })) {
  let out;
  try {
    out = { version: await validate(JSON.parse(line)) };
  } catch (error) {
    out = { error: error.message };
  }
  console.log(JSON.stringify(out));
}
