// better-auth as its documentation sets it up, with the plugins that the operations need. Its
// rate limits are off, since one peer makes all requests; everything else is as it ships.
import { createServer } from "node:http";
import { writeFileSync, existsSync } from "node:fs";
import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { admin, jwt, magicLink } from "better-auth/plugins";
import Sqlite from "better-sqlite3";
import nodemailer from "nodemailer";
import pg from "pg";

const { BENCH_STORE, BENCH_ADDR, BENCH_SMTP, BENCH_KEY } = process.env;
const [host, port] = BENCH_ADDR.split(":");
const [smtpHost, smtpPort] = BENCH_SMTP.split(":");

const mailer = nodemailer.createTransport({ host: smtpHost, port: Number(smtpPort), pool: true, maxConnections: 16, maxMessages: Infinity, ignoreTLS: true });

function open() {
  if (BENCH_STORE.startsWith("postgres://")) {
    return new pg.Pool({ connectionString: BENCH_STORE, max: Number(process.env.BENCH_POOL) });
  }
  const db = new Sqlite(BENCH_STORE);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  if (db.pragma("synchronous", { simple: true }) !== 2) throw new Error("synchronous is not FULL");
  return db;
}

const auth = betterAuth({
  baseURL: `http://${BENCH_ADDR}`,
  secret: "only measured, it keeps nothing. It is long enough.",
  database: open(),
  logger: { level: "error" },
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  emailAndPassword: { enabled: true },
  plugins: [
    // The mail is sent within the request: there is no outbox, and what was accepted has arrived.
    magicLink({
      sendMagicLink: ({ email, url }) =>
        mailer.sendMail({ from: "bench@example.com", to: email, subject: "Sign in", text: `Sign in by following this link:\n\n${url}\n` }),
    }),
    jwt(),
    admin(),
    apiKey({ rateLimit: { enabled: false } }),
  ],
});

const { runMigrations } = await getMigrations(auth.options);
await runMigrations();

if (!existsSync(BENCH_KEY)) {
  const { user } = await auth.api.createUser({ body: { email: "admin@example.com", password: process.env.BENCH_PASSWORD, name: "Admin", role: "admin" } });
  const { key } = await auth.api.createApiKey({ body: { userId: user.id } });
  writeFileSync(BENCH_KEY, JSON.stringify({ key }));
}

const handler = toNodeHandler(auth);
createServer(async (req, res) => {
  if (req.url !== "/bench/key") return handler(req, res);
  const { valid, key } = await auth.api.verifyApiKey({ body: { key: req.headers["x-api-key"] ?? "" } });
  res.writeHead(valid ? 200 : 401, { "Content-Type": "application/json" });
  res.end(JSON.stringify({ valid, app_id: key?.referenceId ?? key?.userId }));
}).listen(Number(port), host);
process.on("SIGTERM", () => process.exit(0));
