// A certified OpenID provider, with its own login and consent pages, for one client:
//
//   node provider.mjs [--post] REDIRECT_URI...
//
// With --post it takes the client's secret in the form alone, and says so. It prints its issuer once it is ready, takes any login, and ends with its stdin.
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const server = createServer().listen(0, 'localhost');
await once(server, 'listening');
const issuer = `http://localhost:${server.address().port}`;

const post = process.argv[2] === '--post';
const method = post ? 'client_secret_post' : 'client_secret_basic';

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'the client', client_secret: 'a secret: of 100%', // what Basic has to encode
    token_endpoint_auth_method: method,
    redirect_uris: process.argv.slice(post ? 3 : 2),
  }],
  ...(post ? { clientAuthMethods: [method] } : {}),
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  cookies: { keys: ['of a test'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: `${id} of corp` }),
  }),
});
server.on('request', provider.callback());
console.log(issuer);
process.stdin.resume().on('end', () => process.exit());
