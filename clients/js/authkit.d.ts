// Types of the browser client of authkit.

/** Makes a client of one app. It sends nothing before a method is called. */
export function createClient(options: ClientOptions): Client;

export interface ClientOptions {
  /** The id of the app, or "console". */
  app: string;

  /**
   * Where authkit is mounted, such as "https://api.example.com/id". By default it is where this
   * module was loaded from; a bundled copy needs it.
   */
  baseURL?: string;

  /** The issuer of the app's tokens, where Config.BaseURL of the server differs from baseURL. Default: `${baseURL}/apps/${app}`. */
  issuer?: string;

  /**
   * What holds the session. "bearer", the default: a refresh token here. "cookie": a cookie, for an
   * app whose session_mode is cookie or either, on the same site as authkit.
   */
  session?: 'bearer' | 'cookie';

  /**
   * Where the refresh token is kept. "memory", the default: a session of this tab that ends with the
   * page. "session": of this tab, past a reload. "local": of every tab of the origin. Or a place of
   * your own. A place that throws is replaced by memory. With session "cookie" it is not used.
   */
  storage?: 'memory' | 'session' | 'local' | TokenStorage;

  /** Where links and providers send the browser on to: one of the app's redirect_urls, a page of this origin that calls start or handleCallback. */
  redirectTo?: string;

  /** Origins beside the page's own and authkit's to which {@link Client.fetch} may send the access token, such as "https://api.example.com". */
  resources?: readonly string[];
}

/** A place for one string by key. localStorage is one. */
export interface TokenStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

export interface Client {
  /** Who is signed in, as far as this tab knows; null: no one, or start has not been called. */
  readonly user: User | null;

  /** Where authkit is mounted, without a slash at the end. */
  readonly baseURL: string;

  /**
   * Finishes the sign-in that the page's URL brings, or restores the session. Call it once a page. It
   * returns who is signed in. It throws if the sign-in was refused, or if authkit is out of reach;
   * a second call then tries the session again.
   */
  start(): Promise<User | null>;

  /**
   * Finishes the sign-in that a URL brings, by default the page's; start does it, too. The page's URL
   * is cleaned by history.replaceState before anything is sent. A popup gives the answer to the
   * window that opened it and closes itself.
   */
  handleCallback(url?: string): Promise<CallbackResult>;

  /** Creates a user. Where the app requires a proven address, the result has no user: verifyEmail with the code of the mail, then signIn. */
  signUp(credentials: { email: string; password: string; name?: string }): Promise<SignInResult | PendingResult>;

  /** Signs a known user in. `email_not_verified`: a code was mailed, for verifyEmail. */
  signIn(credentials: { email: string; password: string }): Promise<SignInResult>;

  /** Mails a link and a six-digit code. The link goes on to redirectTo in the browser that asked; the code is for enterCode. */
  sendMagicLink(request: MailRequest): Promise<Pending>;

  /** Signs in by the code, or the token of the link, that sendMagicLink mailed. */
  enterCode(proof: Proof): Promise<SignInResult>;

  /** Mails a link and a code for a new password. */
  forgotPassword(request: MailRequest): Promise<Pending>;

  /** Sets the password by the code, or the token, that forgotPassword mailed, and signs in. */
  resetPassword(proof: Proof & { password: string }): Promise<SignInResult>;

  /** Mails a proof of the signed-in user's address. */
  sendVerification(): Promise<Pending>;

  /** Proves the address by a mailed code or token. Only a token that is redeemed without its binding and session signs in. */
  verifyEmail(proof: Proof): Promise<SignInResult>;

  /**
   * Goes to a provider. By default the browser leaves the page and comes back to redirectTo; the
   * promise then says nothing. With popup, call it from a click: the promise waits until the popup
   * has come back to redirectTo. Pass a signal to give up: a browser does not tell whether a person
   * has closed the popup.
   */
  signInWithProvider(provider: string, options: ProviderOptions & { popup: true }): Promise<SignInResult>;
  signInWithProvider(provider: string, options?: ProviderOptions): Promise<SignInResult | undefined>;

  /** Signs in by a route that has no method here. "{app_id}" in the path stands for the app. */
  signInAt(path: string, body: object): Promise<SignInResult>;

  /** Ends the session, or with all every session of the user. The session is gone here even if it throws. */
  signOut(options?: { all?: boolean }): Promise<void>;

  /** Reads the user anew. */
  reloadUser(): Promise<User>;

  /** Changes the user; null clears the name. */
  updateUser(patch: { name?: string | null }): Promise<User>;

  /** An access token that is good for a while, refreshed if needed; null without a session. */
  accessToken(): Promise<string | null>;

  /**
   * The fetch of the page, with the session where the URL is of the page's own origin, of authkit's
   * or of options.resources. A 401 about the access token refreshes it once and repeats the request.
   * `network_error` if the refresh gets no answer.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

  /** Calls a route of authkit as the user, such as ("GET", "/auth/sessions/{app_id}"), and returns its JSON. */
  request<T = unknown>(method: string, path: string, body?: object): Promise<T>;

  /** Calls the listener with each change of the session, also those that other tabs make. It returns a function that ends that. */
  onChange(listener: (event: SessionEvent) => void): () => void;

  /** Ends all listening. The session stays where it is kept. */
  close(): void;
}

export interface ProviderOptions {
  popup?: boolean;
  /** One of the app's redirect_urls. Default: that of the client, else the page's URL without its query. */
  redirectTo?: string;
  signal?: AbortSignal;
}

export interface MailRequest {
  email: string;
  redirectTo?: string;
}

/** What a mail holds: the code, or the token of the link. email and binding are those of the latest request of this tab unless given. */
export interface Proof {
  code?: string;
  token?: string;
  email?: string;
  binding?: string;
}

/** A mail is on its way. The binding makes its code of use, for seconds beginning now. */
export interface Pending {
  email: string;
  binding: string;
  expires_in: number;
}

export interface SignInResult {
  user: User;
  /** Whether the user is new. */
  created: boolean;
  /** The ways to sign in that a reset of the password removed. */
  removed?: Removed[];
}

export interface PendingResult {
  user: null;
  created: false;
  pending: Pending;
}

export type CallbackResult =
  | { outcome: 'none' }
  | { outcome: 'handed_over' }
  | ({ outcome: 'signed_in' } & SignInResult);

/** "refreshed": there is a new access token, and perhaps news of the user. Later versions may add types. */
export type SessionEvent =
  | { type: 'signed_in' | 'refreshed' | 'user_changed'; user: User }
  | { type: 'signed_out'; user: null; error?: AuthkitError };

/** Codes of this client. `unexpected_answer`: not one of authkit's, but of a proxy, say. */
export type ClientCode = 'network_error' | 'unexpected_answer' | 'popup_blocked' | 'storage_unavailable' | 'flow_not_found';

/** A refusal by authkit, or a failure here. Codes that this version does not know are possible: handle them by status. */
export class AuthkitError extends Error {
  readonly name: 'AuthkitError';
  readonly code: ErrorCode | ClientCode | (string & {});
  /** The HTTP status; 0: there was no answer. */
  readonly status: number;
  /** Seconds after which another try may succeed. */
  readonly retryAfter?: number;
  /** The id of the request in authkit's log. */
  readonly requestId?: string;
  /** What the provider said, such as "access_denied". */
  readonly providerCode?: string;
  readonly binding?: string;
  /** What is wrong with each field. */
  readonly errors: readonly FieldError[];
  /** The whole problem (RFC 9457), with members that this version does not know. */
  readonly problem: Readonly<Partial<Problem>> & Readonly<Record<string, unknown>>;
}

// Below this line: made from the API document by internal/tools/clienttypes.

/** A code of an error. */
export type ErrorCode =
  | 'invalid_request' | 'provider_refused' | 'invalid_credentials' | 'invalid_token' | 'invalid_api_key' | 'unauthenticated'
  | 'forbidden' | 'reauthentication_required' | 'signup_disabled' | 'email_not_verified' | 'user_disabled' | 'app_not_found'
  | 'provider_not_configured' | 'user_not_found' | 'session_not_found' | 'identity_not_found' | 'not_found'
  | 'method_not_allowed' | 'app_name_taken' | 'oauth_config_exists' | 'apps_remain' | 'email_taken' | 'last_credential'
  | 'limit_reached' | 'password_set' | 'link_required' | 'email_required' | 'body_too_large' | 'unsupported_media_type'
  | 'weak_password' | 'rate_limited' | 'internal' | 'provider_error' | 'unavailable' | 'provider_timeout';

export interface FieldError {
  field: string;
  code: string;
  detail: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  request_id?: string;
  provider_code?: string;
  binding?: string;
  errors?: FieldError[];
}

export interface Removed {
  type: string;
  name: string;
}

export interface User {
  user_id: string;
  email: string;
  email_verified: boolean;
  name: string | null;
  auth_method: string;
  last_login: string | null;
  created_at: string;
}
