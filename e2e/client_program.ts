// A program that uses every member of the browser client's types, in Node:
//
//   node client_program.js BASE_URL APP_ID MAILS
//
// MAILS?to=ADDRESS answers the code of the latest mail. It prints "done" at its end.
import { AuthkitError, createClient } from '@authkit-dev/client';
import type {
  AnswerOf, BodyOf, CallbackResult, Client, ClientCode, ClientOptions, ErrorCode, Mailed, MailRequest, PendingResult, Problem, Proof,
  ProviderOptions, Routes, SessionEvent, SignInResult, TokenStorage, User,
} from '@authkit-dev/client';

declare const process: { argv: string[] };
const [, , baseURL = '', app = '', mails = ''] = process.argv;
const password = 'a long enough passphrase';

function equal<T>(got: T, want: T, what: string): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

/** refused returns the error of a promise that has to fail. */
async function refused(promise: Promise<unknown>): Promise<AuthkitError> {
  try {
    await promise;
  } catch (e) {
    if (e instanceof AuthkitError) return e;
    throw e;
  }
  throw new Error('got no refusal, want one');
}

const codeFor = async (email: string): Promise<string> => (await fetch(`${mails}?to=${encodeURIComponent(email)}`)).text();

/** meaning handles the codes that it knows, and every other by its status. */
function meaning(e: AuthkitError): string {
  const known: ErrorCode = 'invalid_credentials';
  const own: ClientCode = 'network_error';
  switch (e.code) {
    case known: return 'wrong password';
    case own: return 'offline';
    default: return e.status >= 500 ? 'try later' : 'no';
  }
}

const kept = new Map<string, string>();
const storage: TokenStorage = {
  getItem: async (key) => kept.get(key) ?? null,
  setItem: async (key, value) => { kept.set(key, value); },
  removeItem: async (key) => { kept.delete(key); },
};
const options: ClientOptions = { app, baseURL, issuer: `${baseURL}/apps/${app}`, session: 'bearer', storage, redirectTo: 'https://client.example/done', resources: ['https://api.example.com'] };
const auth: Client = createClient(options);

const heard: string[] = [];
const stop: () => void = auth.onChange((event: SessionEvent) => {
  heard.push(event.type === 'signed_out' ? `signed_out ${event.user} ${event.error?.code}` : `${event.type} ${event.user.email}`);
});

async function signsUp(): Promise<void> {
  equal(await auth.start(), null, 'start');
  equal(auth.baseURL, baseURL, 'baseURL');
  equal(await auth.accessToken(), null, 'accessToken');
  const up: SignInResult | PendingResult = await auth.signUp({ email: 'ann@example.com', password, name: 'Ann' });
  if (up.user === null) {
    const mailed: Mailed = up.pending;
    throw new Error(`sign-up: got a mail to ${mailed.email}, want a user`);
  }
  equal([up.created, up.removed, up.user.name], [true, undefined, 'Ann'], 'signUp');
  equal((await auth.request('GET', '/auth/me/{app_id}')).email, 'ann@example.com', 'request');
  const again = await refused(auth.signUp({ email: 'ann@example.com', password }));
  equal([again.code, again.status, again.name, again.requestId === again.problem.request_id], ['email_taken', 409, 'AuthkitError', true], 'signUp again');
}

async function mailsCodes(): Promise<void> {
  const mailed: Mailed = await auth.sendVerification();
  equal([mailed.email, mailed.expires_in], ['ann@example.com', 600], 'sendVerification');
  const proof: Proof = { email: mailed.email, code: await codeFor(mailed.email), binding: mailed.binding };
  equal((await auth.verifyEmail(proof)).user.email_verified, true, 'verifyEmail');

  const request: MailRequest = { email: 'ann@example.com', redirectTo: 'https://client.example/done' };
  const link: Mailed = await auth.sendMagicLink(request);
  const wrong = await refused(auth.enterCode({ code: '000000' }));
  equal([wrong.code, wrong.retryAfter, wrong.providerCode, wrong.binding, wrong.errors], ['invalid_token', undefined, undefined, undefined, []], 'enterCode');
  equal((await auth.enterCode({ code: await codeFor(link.email) })).created, false, 'enterCode');
  equal((await refused(auth.verifyEmail({ token: 'none' }))).code, 'invalid_token', 'verifyEmail by token');

  await auth.forgotPassword(request);
  equal((await auth.resetPassword({ code: await codeFor(request.email), password: 'another long passphrase' })).user.email, request.email, 'resetPassword');
}

async function usesTheSession(): Promise<void> {
  const user: User = await auth.updateUser({ name: null });
  equal([user.name, (await auth.reloadUser()).name, auth.user?.name], [null, null, null], 'updateUser');
  const path: keyof Routes = 'GET /auth/sessions/{app_id}';
  const { sessions }: AnswerOf<'GET', '/auth/sessions/{app_id}'> = await auth.request('GET', '/auth/sessions/{app_id}');
  equal([path.length > 0, sessions.some((one) => one.current)], [true, true], 'sessions');
  const change: BodyOf<'POST', '/auth/password/change/{app_id}'> = { current_password: 'not this', new_password: password };
  const e = await refused(auth.request('POST', '/auth/password/change/{app_id}', change));
  equal([meaning(e), e.message.length > 0], ['wrong password', true], 'change of password');
  const invalid = await refused(auth.signIn({ email: 'no address', password }));
  const problem: Partial<Problem> = invalid.problem;
  equal([invalid.errors[0]?.field, problem.errors?.[0]?.code, invalid.problem.unheard ?? meaning(invalid)], ['email', 'invalid_email', 'no'], 'fields');
  const response: Response = await auth.fetch(`${baseURL}/auth/me/${app}`, { headers: { Accept: 'application/json' } });
  equal(response.status, 200, 'fetch');
}

async function usesProviders(): Promise<void> {
  const choice: ProviderOptions = { redirectTo: 'https://client.example/done', signal: new AbortController().signal };
  const left: SignInResult | undefined | AuthkitError = await auth.signInWithProvider('corp', choice).catch((e: AuthkitError) => e);
  equal(left instanceof AuthkitError && left.code, 'storage_unavailable', 'signInWithProvider');
  Object.assign(globalThis, { open: () => null });
  const inPopup: Promise<SignInResult> = auth.signInWithProvider('corp', { ...choice, popup: true });
  equal((await refused(inPopup)).code, 'popup_blocked', 'popup');
  const back: CallbackResult = await auth.handleCallback('https://client.example/done?page=2');
  equal(back.outcome, 'none', 'handleCallback');
}

async function ends(): Promise<void> {
  await auth.signOut({ all: true });
  equal([auth.user, kept.size], [null, 0], 'signOut');
  equal(heard[0], 'signed_in ann@example.com', 'first event');
  equal(heard.at(-1), 'signed_out null undefined', 'last event');
  stop();
  const into: SignInResult = await auth.signInAt('/auth/credentials/{app_id}', { email: 'ann@example.com', password: 'another long passphrase' });
  equal(into.created, false, 'signInAt');
  equal(into.recovery_codes, undefined, 'codes of an enrolment');
  auth.close();

  const nowhere = createClient({ app, baseURL: 'http://127.0.0.1:9' });
  equal(meaning(await refused(nowhere.signIn({ email: 'ann@example.com', password }))), 'offline', 'no server');
  nowhere.close();
}

await signsUp();
await mailsCodes();
await usesTheSession();
await usesProviders();
await ends();
console.log('done');
