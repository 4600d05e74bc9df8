// The browser client of authkit: https://github.com/authkit-dev/authkit
//
// authkit.d.ts documents what it exports. It reads no clock, and keeps no access token outside memory.

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** newPair makes a PKCE verifier and its challenge (RFC 7636, S256). */
async function newPair() {
  const verifier = random();
  return { verifier, challenge: base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))) };
}

export class AuthkitError extends Error {
  constructor(code, message, problem = {}, more = {}) {
    super(message ?? code, more.cause && { cause: more.cause });
    this.name = 'AuthkitError';
    this.code = code;
    this.status = more.status ?? 0;
    this.retryAfter = more.retryAfter;
    this.requestId = problem.request_id;
    this.providerCode = problem.provider_code;
    this.binding = problem.binding;
    this.errors = problem.errors ?? [];
    this.problem = problem;
  }
}

/** refusal makes the error of an answer, whatever its body is. */
function refusal(response, body) {
  const wait = Number(response.headers.get('Retry-After'));
  const code = typeof body?.code === 'string' ? body.code : 'unexpected_answer';
  return new AuthkitError(code, body?.detail ?? `the server answered ${response.status}`, body ?? {}, { status: response.status, retryAfter: wait > 0 ? wait : undefined });
}

/** over reports whether an error of a refresh ends the session. Others pass: the network, a limit, a page of a proxy. */
const over = (e) => (e.status === 401 && e.code !== 'unexpected_answer') || ['user_disabled', 'email_not_verified', 'app_not_found', 'invalid_request'].includes(e.code);

/** Shelf is a web storage that never throws: in private windows and sandboxed frames it is a Map. */
class Shelf {
  #memory = new Map();
  #web;

  constructor(name) {
    try {
      this.#web = globalThis[name];
    } catch {
      // the browser keeps nothing for this page
    }
  }

  #use(method, key, value) {
    try {
      return this.#web[method](key, value);
    } catch {
      this.#web = undefined;
    }
  }

  getItem(key) {
    const value = this.#web && this.#use('getItem', key);
    return (this.#web ? value : this.#memory.get(key)) ?? null;
  }

  /** setItem reports whether the value outlives the page. */
  setItem(key, value) {
    this.#memory.set(key, value);
    if (this.#web) this.#use('setItem', key, value);
    return Boolean(this.#web);
  }

  removeItem(key) {
    this.#memory.delete(key);
    if (this.#web) this.#use('removeItem', key);
  }
}

/** placeOf returns the storage of the refresh token. One that fails is replaced by memory. */
function placeOf(choice) {
  if (typeof choice !== 'object' || !choice) return new Shelf(choice && choice !== 'memory' ? `${choice}Storage` : '');
  const spare = new Shelf('');
  let works = true;
  const use = async (method, ...args) => {
    const own = spare[method](...args);
    try {
      return works ? await choice[method](...args) : own;
    } catch {
      works = false;
      return own;
    }
  };
  return { getItem: (k) => use('getItem', k), setItem: (k, v) => use('setItem', k, v), removeItem: (k) => use('removeItem', k) };
}

const consoleApp = '00000000-0000-7000-8000-000000000000';
/** params are an answer's parameters and their forms: any page can link here with its own text. */
const params = { code: /.*/, iss: /.*/, error: /^\w+$/, provider_code: /^\w+$/, request_id: /^[\da-f-]{36}$/ };

class Client {
  #options;
  #base;
  #app;
  #issuer;
  #cookie;
  #kind; // 'cookie', or that of place: 'memory', 'session', 'local' or 'custom'
  #name; // of keys, lock and channel
  #place; // keeps "REFRESH_TOKEN KEY": KEY is the Idempotency-Key of the token's rotation
  #session = new Shelf('sessionStorage');
  #local = new Shelf('localStorage');
  #channel;
  #listeners = new Set();
  #popups = new Map(); // id -> { verifier, done, fail }
  #pair;

  #user = null;
  #token; // { text, due, ends }: due and ends by performance.now()
  #key; // the KEY beside the refresh token that #token came with
  #flight; // the refresh under way
  #news; // called when another tab has refreshed, or has tried to
  #started;

  constructor(options) {
    const self = new URL(import.meta.url);
    const base = options.baseURL ?? (self.pathname.endsWith('/authkit.js') && self.protocol.startsWith('http') ? new URL('.', self).href : '');
    if (!base || !options.app) throw new TypeError('createClient needs app, and baseURL where the module is not loaded from authkit itself');
    this.#options = options;
    this.#base = new URL(base, globalThis.location?.href).href.replace(/\/+$/, '');
    this.#app = options.app === 'console' ? consoleApp : options.app;
    this.#issuer = options.issuer ?? `${this.#base}/apps/${this.#app}`;
    this.#cookie = options.session === 'cookie';
    this.#name = `authkit.${this.#app}.${this.#base.replace(/[^\w.-]/g, '_')}`; // some storages take no other characters
    this.#place = placeOf(options.storage);
    this.#kind = this.#cookie ? 'cookie' : typeof options.storage === 'object' ? 'custom' : options.storage ?? 'memory';
    try {
      this.#channel = new BroadcastChannel(this.#name);
      this.#channel.onmessage = ({ data }) => this.#hear(data);
      this.#channel.unref?.(); // Node would wait for it
    } catch {
      // a page without an origin has no other tabs
    }
    globalThis.addEventListener?.('pageshow', this.#shown);
    this.#prepare();
  }

  get user() { return this.#user; }

  get baseURL() { return this.#base; }

  start() {
    this.#started ??= this.#begin().catch((e) => {
      this.#started = undefined;
      throw e;
    });
    return this.#started;
  }

  async #begin() {
    try {
      if (globalThis.location && (await this.handleCallback()).outcome !== 'none') return this.#user;
    } catch (e) {
      await this.#restore().catch(() => {});
      throw e;
    }
    return this.#restore();
  }

  async #restore() {
    await (this.#cookie ? this.#check() : this.#fresh());
    return this.#user;
  }

  /** #check asks whose session the cookie is. */
  async #check() {
    const before = this.#user;
    const user = await this.#call('GET', '/auth/me/{app_id}').catch((e) => {
      if (e.status !== 401) throw e;
    });
    if (this.#user !== before) return; // a sign-in or a sign-out came in between
    if (user) this.#become(user);
    else await this.#end();
  }

  // ---- ways in

  async signUp({ email, password, name }) {
    const answer = await this.#signIn('/auth/credentials/{app_id}', { email, password, name, intent: 'sign_up' });
    return answer.user ? answer : { user: null, created: false, pending: this.#pend('verify', email, answer) };
  }

  async signIn({ email, password }) {
    try {
      return await this.#signIn('/auth/credentials/{app_id}', { email, password, intent: 'sign_in' });
    } catch (e) {
      if (e.code === 'email_not_verified' && e.binding) this.#pend('verify', email, e);
      throw e;
    }
  }

  sendMagicLink({ email, redirectTo = this.#options.redirectTo }) { return this.#mail('magic-link', 'link', email, redirectTo); }

  enterCode(proof) { return this.#signIn('/auth/verify/{app_id}', this.#proof('link', proof)); }

  forgotPassword({ email, redirectTo = this.#options.redirectTo }) { return this.#mail('password/forgot', 'reset', email, redirectTo); }

  resetPassword(proof) { return this.#signIn('/auth/password/reset/{app_id}', { ...this.#proof('reset', proof), password: proof.password }); }

  /** verifyEmail proves the address. A link that is opened elsewhere signs in as well. */
  async verifyEmail(proof) {
    const token = this.#cookie ? undefined : await this.#fresh();
    const answer = await this.#signIn('/auth/email/verify/{app_id}', this.#proof('verify', proof), token);
    if (answer.user) return answer;
    if (this.#user) this.#become(answer, 'user_changed');
    return { user: answer, created: false };
  }

  async sendVerification() {
    const answer = await this.request('POST', '/auth/email/send/{app_id}', {});
    return this.#pend('verify', this.#user.email, answer);
  }

  /** #mail asks for a mail. Its link goes on to redirectTo in the browser that asked, which has the verifier. */
  async #mail(route, kind, email, redirectTo) {
    const body = { email };
    if (redirectTo) {
      const pair = await this.#linkPair();
      Object.assign(body, { redirect_to: redirectTo, code_challenge: pair.challenge });
    }
    return this.#pend(kind, email, await this.#call('POST', `/auth/${route}/{app_id}`, { body, choose: true }));
  }

  /** #linkPair returns one pair for all mails until a link comes back: its URL does not say of which mail it is. */
  async #linkPair() {
    const key = `${this.#name}.link`;
    const kept = this.#local.getItem(key)?.split(' ');
    if (kept) return { verifier: kept[0], challenge: kept[1] };
    const pair = await newPair();
    this.#local.setItem(key, `${pair.verifier} ${pair.challenge}`);
    return pair;
  }

  /** #pend keeps what the code of a mail will need, past a reload if the browser allows that. */
  #pend(kind, email, { binding, expires_in }) {
    this.#session.setItem(`${this.#name}.${kind}`, JSON.stringify({ email, binding }));
    return { email, binding, expires_in };
  }

  #proof(kind, { token, email, code, binding }) {
    if (token) return { token, binding };
    const kept = JSON.parse(this.#session.getItem(`${this.#name}.${kind}`) ?? '{}');
    return { email: email ?? kept.email, code, binding: binding ?? kept.binding };
  }

  async #signIn(path, body, token) {
    const sent = performance.now();
    const answer = await this.#call('POST', path, { body, token, choose: true });
    const { sign_in = answer, recovery_codes } = answer; // of a factor that the sign-in waited for
    return sign_in.user ? this.#locked(() => this.#adopt(sign_in, sent)).then((got) => ({ ...got, recovery_codes })) : answer;
  }

  signInAt(path, body) { return this.#signIn(path, body); }

  // ---- providers

  /** signInWithProvider calls window.open before its first await, since browsers block a popup that no click opens. */
  signInWithProvider(provider, options = {}) {
    const pair = this.#pair;
    this.#pair = undefined;
    this.#prepare();
    return pair ? this.#leave(provider, options, pair) : newPair().then((made) => this.#leave(provider, options, made));
  }

  #prepare() { newPair().then((pair) => { this.#pair = pair; }, () => {}); }

  async #leave(provider, { popup, redirectTo = this.#options.redirectTo ?? location.origin + location.pathname, signal }, { verifier, challenge }) {
    signal?.throwIfAborted();
    const to = new URL(this.#url(`/auth/${encodeURIComponent(provider)}/{app_id}`, true));
    to.searchParams.set('redirect_to', redirectTo);
    to.searchParams.set('code_challenge', challenge);
    const mark = `${this.#name}.flow`;
    if (!popup) {
      if (!this.#session.setItem(mark, `redirect ${verifier}`)) {
        throw new AuthkitError('storage_unavailable', 'the browser keeps nothing for this page; use a popup');
      }
      location.assign(to);
      return undefined;
    }
    const id = random();
    this.#session.setItem(mark, `popup ${id}`); // the new window begins with a copy of it
    const opened = open(to, '', 'popup,width=480,height=720');
    this.#session.removeItem(mark);
    if (!opened) throw new AuthkitError('popup_blocked', 'the browser opened no window; call signInWithProvider from a click');
    try {
      opened.opener = null; // the provider's page must not navigate this one
    } catch {
      // it has gone on
    }
    return new Promise((done, fail) => {
      this.#popups.set(id, { verifier, done, fail });
      signal?.addEventListener('abort', () => {
        opened.close();
        fail(signal.reason);
      });
    }).finally(() => this.#popups.delete(id));
  }

  /** handleCallback finishes the flow whose answer the URL brings. The answer leaves the URL before it is used. */
  async handleCallback(url = location.href) {
    const at = new URL(url);
    const got = Object.fromEntries(Object.entries(params).map(([name, form]) => [name, at.searchParams.get(name)?.match(form)?.[0]]));
    const [kind, secret] = this.#session.getItem(`${this.#name}.flow`)?.split(' ') ?? [];
    const link = this.#local.getItem(`${this.#name}.link`)?.split(' ')[0];
    // A cookie's return has no parameters. iss: RFC 9207
    const own = got.iss ? got.iss === this.#issuer && (got.code || got.error) : this.#cookie && kind === 'popup';
    if (!own) return { outcome: 'none' };
    this.#session.removeItem(`${this.#name}.flow`);
    for (const name in params) at.searchParams.delete(name);
    if (url === globalThis.location?.href) history.replaceState(history.state, '', at);

    const verifiers = [kind === 'redirect' && secret, got.code && link].filter(Boolean);
    if (kind === 'popup' || !verifiers.length) {
      if (!(await this.#handOver(kind === 'popup' ? secret : undefined, got))) {
        throw got.error ? callbackError(got) : new AuthkitError('flow_not_found', 'no window of this browser began this sign-in');
      }
      globalThis.close?.();
      return { outcome: 'handed_over' };
    }
    return { outcome: 'signed_in', ...(await this.#finish(got, verifiers)) };
  }

  /** #finish exchanges the code. A wrong verifier does not spend it. */
  async #finish(got, verifiers) {
    if (got.error) throw callbackError(got);
    if (!got.code) {
      await this.#check();
      if (!this.#user) throw new AuthkitError('unauthenticated', 'the browser did not keep the session cookie');
      return { user: this.#user, created: false };
    }
    for (const [i, code_verifier] of verifiers.entries()) {
      try {
        const body = { code: got.code, code_verifier };
        const path = '/auth/token/{app_id}';
        const result = await this.#signIn(path, body).catch((e) => {
          if (e.code !== 'network_error') throw e;
          return this.#signIn(path, body); // the answer may be lost; a second try gets the same
        });
        this.#local.removeItem(`${this.#name}.link`);
        return result;
      } catch (e) {
        if (e.code !== 'invalid_token' || i === verifiers.length - 1) throw e;
      }
    }
    return undefined;
  }

  /** #handOver gives the answer to the window that began the flow, and reports whether there is one. */
  #handOver(id, got) {
    return this.#channel && new Promise((done) => {
      const offer = random();
      this.#channel.addEventListener('message', ({ data }) => data.type === 'claimed' && data.offer === offer && done(true));
      setTimeout(done, 3000, false);
      this.#tell({ type: 'callback', id, offer, got });
    });
  }

  /** #take finishes a popup's flow. Any page can make an answer without id: only its good code counts. */
  async #take({ id, offer, got }) {
    const popup = id ? this.#popups.get(id) : [...this.#popups.values()].pop();
    if (!popup || (!id && got.error)) return;
    this.#tell({ type: 'claimed', offer });
    await this.#finish(got, [popup.verifier]).then(popup.done, (e) => (id || e.code !== 'invalid_token') && popup.fail(e));
  }

  // ---- the session

  async signOut({ all = false } = {}) {
    await this.#locked(async () => {
      const { token } = this.#cookie ? {} : await this.#load();
      try {
        if (this.#cookie || token) await this.#call('POST', '/auth/sign-out/{app_id}', { body: { refresh_token: token, all } });
      } catch (e) {
        if (e.status !== 401) throw e; // the session has ended already
      } finally {
        await this.#end();
      }
    });
  }

  reloadUser() { return this.#me('GET'); }

  updateUser(patch) { return this.#me('PATCH', patch); }

  async #me(method, patch) {
    const user = await this.request(method, '/auth/me/{app_id}', patch);
    this.#become(user, 'user_changed');
    return user;
  }

  async accessToken() {
    if (!this.#cookie) return this.#fresh();
    if (this.#user && !(performance.now() < this.#token?.due)) {
      const sent = performance.now();
      const of = this.#user.user_id;
      const answer = await this.#call('POST', '/auth/access-token/{app_id}', { body: {} });
      if (this.#user?.user_id !== of) return this.accessToken();
      this.#keep(answer, sent);
    }
    return this.#token?.text ?? null;
  }

  /** fetch is the window's fetch, with the session for the page's own origin, authkit's and those of options.resources. */
  async fetch(input, init) {
    const request = new Request(input, init);
    const origins = [globalThis.location?.origin, new URL(this.#base).origin, ...(this.#options.resources ?? [])];
    if (!origins.includes(new URL(request.url).origin) || request.headers.has('Authorization')) return fetch(request);
    if (this.#cookie) {
      const response = await fetch(new Request(request, { credentials: 'include' }));
      if (response.status === 401 && this.#user) await this.#check();
      return response;
    }
    const spare = request.clone();
    const token = await this.#fresh();
    const response = await fetch(authorized(request, token));
    if (response.status !== 401 || !token || !this.#blames(response)) return response;
    const next = await this.#fresh(token);
    return next ? fetch(authorized(spare, next)) : response;
  }

  /** #blames reports whether a 401 is about the access token. authkit's own routes say so; a wrong password is 401, too. */
  #blames(response) { return !response.url.startsWith(`${this.#base}/`) || Boolean(response.headers.get('WWW-Authenticate')?.includes('invalid_token')); }

  async request(method, path, body) {
    const init = { method, headers: {} };
    if (method === 'POST' || method === 'PATCH') {
      init.headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(body ?? {});
    }
    return answerOf(() => this.fetch(this.#url(path), init));
  }

  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close() {
    this.#channel?.close();
    globalThis.removeEventListener?.('pageshow', this.#shown);
    this.#listeners.clear();
  }

  /** #fresh returns an access token that is not due and not the stale one; null without a session. */
  async #fresh(stale) {
    const usable = (limit) => this.#token && this.#token.text !== stale && performance.now() < this.#token[limit];
    if (!usable('due')) {
      this.#flight ??= this.#refresh().finally(() => { this.#flight = undefined; });
      await this.#flight.catch((e) => {
        if (!usable('ends')) throw e;
      });
    }
    return this.#token?.text ?? null;
  }

  /**
   * #refresh makes one request for all tabs. A tab that had to wait for the lock waits for the other's
   * message, too: its web storage may still hold the token that was just spent.
   */
  async #refresh() {
    const before = this.#token;
    const told = new Promise((done) => { this.#news = done; });
    await this.#locked(async (waited) => {
      if (waited && this.#token === before) await Promise.race([told, new Promise((done) => { setTimeout(done, 1000); })]);
      if (this.#token !== before) return;
      const { token, key } = await this.#load();
      if (!token) {
        await this.#end();
        return;
      }
      const sent = performance.now();
      let end;
      const answer = await this.#call('POST', '/auth/refresh/{app_id}', { body: { refresh_token: token }, key }).catch((e) => {
        if (!over(e)) {
          this.#share({ type: 'tried' });
          throw e;
        }
        end = e;
      });
      if ((await this.#load()).token !== token) return; // a sign-in or a sign-out came in between
      await (end ? this.#end(end) : this.#adopt(answer, sent, key));
    });
  }

  /** #locked runs a step while no other tab of the session runs one. The step learns whether it had to wait. */
  async #locked(step) {
    const locks = globalThis.navigator?.locks;
    if (!locks || ['memory', 'cookie'].includes(this.#kind)) return step(false);
    let busy = false;
    const result = await locks.request(this.#name, { ifAvailable: true }, (lock) => {
      busy = !lock;
      return lock && step(false);
    });
    return busy ? locks.request(this.#name, () => step(true)) : result;
  }

  async #load() {
    const [token, key] = (await this.#place.getItem(`${this.#name}.session`))?.split(' ') ?? [];
    return { token, key };
  }

  async #store(token, key) { await this.#place.setItem(`${this.#name}.session`, `${token} ${key}`); }

  #keep({ token, expires_in }, sent) { this.#token = { text: token, due: sent + expires_in * 800, ends: sent + expires_in * 1000 }; }

  /** #adopt makes a sign-in the session of this tab and of those that share it. was is the key of the token that it came from, if any. */
  async #adopt(answer, sent, was) {
    this.#token = undefined;
    if (answer.token) this.#keep(answer, sent);
    if (answer.refresh_token) {
      this.#key = random();
      await this.#store(answer.refresh_token, this.#key);
    }
    this.#become(answer.user, was ? undefined : 'signed_in');
    const now = performance.now();
    const token = this.#token && { text: this.#token.text, due: this.#token.due - now, ends: this.#token.ends - now };
    const refresh = this.#kind === 'local' ? undefined : answer.refresh_token; // a duplicate of this tab has a storage of its own
    this.#share({ type: 'session', was, key: this.#key, refresh, user: answer.user, token });
    const { user, created, removed } = answer;
    return { user, created, removed };
  }

  /** #end forgets the session. */
  async #end(error) {
    const key = this.#key;
    await this.#place.removeItem(`${this.#name}.session`);
    this.#forget(error);
    this.#share({ type: 'ended', key });
  }

  #forget(error) {
    const was = this.#user;
    this.#token = this.#key = undefined;
    this.#user = null;
    if (was) this.#emit({ type: 'signed_out', user: null, error });
  }

  #become(user, type) {
    const same = this.#user?.user_id === user.user_id;
    if (type === 'user_changed' && !same && (this.#user || !this.#cookie)) return; // a late answer about another user
    type ??= same ? 'refreshed' : 'signed_in';
    if (this.#cookie && !same) this.#token = undefined; // it is another user's
    this.#user = user;
    this.#emit({ type, user });
  }

  #emit(event) {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (e) {
        console.error(e);
      }
    }
  }

  // ---- other tabs

  #tell(message) { this.#channel?.postMessage(message); }

  /** #share tells the tabs that keep their session in the same way. One in memory is no other tab's, so that its tokens stay here. */
  #share(message) { if (this.#kind !== 'memory') this.#tell({ ...message, kind: this.#kind }); }

  async #hear(message) {
    if (message.type === 'callback') {
      await this.#take(message);
      return;
    }
    if (message.kind !== this.#kind) return;
    if (message.type === 'ended' && message.key === this.#key) {
      this.#forget();
    } else if (message.type === 'tried') {
      this.#news?.();
    } else if (message.type === 'session') {
      const { was, key, refresh, user, token } = message;
      if (!this.#cookie) {
        if (this.#kind !== 'local' && !(was && was === this.#key)) return; // a session of that tab
        if (this.#kind !== 'local') await this.#store(refresh, key);
        const now = performance.now();
        this.#key = key;
        this.#token = { text: token.text, due: now + token.due, ends: now + token.ends };
      }
      this.#become(user);
      this.#news?.();
    }
  }

  /** #shown catches up with what a page has missed in the back-forward cache. */
  #shown = async ({ persisted }) => {
    if (!persisted || !this.#user) return;
    if (this.#cookie || (await this.#load()).key !== this.#key) {
      this.#token = this.#key = undefined;
      await this.#restore().catch(() => {});
    }
  };

  // ---- requests

  #url(path, choose) { return this.#base + path.replace('{app_id}', this.#app) + (choose && this.#cookie ? '?session=cookie' : ''); }

  #call(method, path, { body, token, key, choose } = {}) {
    const headers = { Accept: 'application/json' };
    if (body) headers['Content-Type'] = 'application/json';
    if (token && !this.#cookie) headers.Authorization = `Bearer ${token}`;
    if (key) headers['Idempotency-Key'] = key;
    return answerOf(() => fetch(this.#url(path, choose), {
      method, headers, body: body && JSON.stringify(body), cache: 'no-store',
      credentials: this.#cookie ? 'include' : 'same-origin', signal: AbortSignal.timeout(30_000),
    }));
  }
}

function authorized(request, token) {
  if (token) request.headers.set('Authorization', `Bearer ${token}`);
  return request;
}

function callbackError({ error, provider_code, request_id }) {
  return new AuthkitError(error, 'the sign-in was not finished', { request_id, provider_code });
}

/** answerOf sends a request and returns the answer's JSON; undefined for 204. */
async function answerOf(send) {
  let response, body;
  try {
    response = await send();
    body = await response.text();
  } catch (cause) {
    if (cause instanceof AuthkitError) throw cause;
    throw new AuthkitError('network_error', 'there was no answer', {}, { cause });
  }
  let json;
  try {
    json = JSON.parse(body);
  } catch {
    // a page of a proxy, or nothing
  }
  if (!response.ok) throw refusal(response, json);
  return json;
}

export const createClient = (options) => new Client(options);
