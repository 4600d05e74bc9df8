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

/** A place for one string by key. localStorage is one. A key names app and server, in A-Z, a-z, 0-9, ".", "_" and "-". */
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
   * returns who is signed in. It throws if the sign-in was refused, and user is then that of the
   * session, if any. It throws if authkit is out of reach; a second call then tries the session again.
   */
  start(): Promise<User | null>;

  /**
   * Finishes the sign-in that a URL brings, by default the page's; start does it, too. A URL whose
   * `iss` is not the app's issuer is another system's, and brings none. The page's URL
   * is cleaned by history.replaceState before anything is sent. A popup gives the answer to the
   * window that opened it and closes itself. With session "cookie" a sign-in brings nothing in the
   * URL: the outcome is none, and start restores the session that the cookie holds.
   */
  handleCallback(url?: string): Promise<CallbackResult>;

  /** Creates a user. Where the app requires a proven address, the result has no user: verifyEmail with the code of the mail, then signIn. */
  signUp(credentials: { email: string; password: string; name?: string }): Promise<SignInResult | PendingResult>;

  /**
   * Signs a known user in. `email_not_verified`: a code was mailed, for verifyEmail. `mfa_required`, here and of every
   * other way to sign in: problem has mfa_token, binding and methods, for signInAt('/auth/mfa/{app_id}', …).
   */
  signIn(credentials: { email: string; password: string }): Promise<SignInResult>;

  /** Mails a link and a six-digit code. The link goes on to redirectTo in the browser that asked; the code is for enterCode. */
  sendMagicLink(request: MailRequest): Promise<Mailed>;

  /** Signs in by the code, or the token of the link, that sendMagicLink mailed. */
  enterCode(proof: Proof): Promise<SignInResult>;

  /** Mails a link and a code for a new password. */
  forgotPassword(request: MailRequest): Promise<Mailed>;

  /** Sets the password by the code, or the token, that forgotPassword mailed, and signs in. */
  resetPassword(proof: Proof & { password: string }): Promise<SignInResult>;

  /** Mails a proof of the signed-in user's address. */
  sendVerification(): Promise<Mailed>;

  /** Proves the address by a mailed code or token. Only a token that is redeemed without its binding and session signs in. */
  verifyEmail(proof: Proof): Promise<SignInResult>;

  /**
   * Goes to a provider. By default the browser leaves the page and comes back to redirectTo; the
   * promise then says nothing. With popup, call it from a click: the promise waits until the popup
   * has come back to redirectTo. Pass a signal to give up: a browser does not tell whether a person
   * has closed the popup. Where the browser keeps nothing for the page, a refusal stays in the popup.
   * With session "cookie" the result does not tell whether the user is new: created is false.
   */
  signInWithProvider(provider: string, options: ProviderOptions & { popup: true }): Promise<SignInResult>;
  signInWithProvider(provider: string, options?: ProviderOptions): Promise<SignInResult | undefined>;

  /**
   * Signs in by a route that has no method here, such as that of a passkey or, after `mfa_required`, of
   * the second factor. It takes the end of an enrolment, too. "{app_id}" in the path stands for the app.
   */
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

  /**
   * Calls a route of authkit as the user, and returns its JSON; undefined: it has none. "{app_id}" in
   * the path stands for the app: request('GET', '/auth/sessions/{app_id}').
   */
  request<M extends string, P extends string>(method: M, path: P, body?: BodyOf<M, P>): Promise<AnswerOf<M, P>>;

  /** Calls the listener with each change of the session, also those that other tabs make. It returns a function that ends that. */
  onChange(listener: (event: SessionEvent) => void): () => void;

  /** Ends all listening. The session stays where it is kept. */
  close(): void;
}

/** What a route takes. The members of a route that the types do not know are not checked. */
export type BodyOf<M extends string, P extends string> = `${M} ${P}` extends keyof Routes ? Routes[`${M} ${P}`]['body'] : object;

/** What a route answers. */
export type AnswerOf<M extends string, P extends string> = `${M} ${P}` extends keyof Routes ? Routes[`${M} ${P}`]['answer'] : unknown;

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
export interface Mailed {
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
  /** With a TOTP that the sign-in waited for: shown once. */
  recovery_codes?: string[];
}

export interface PendingResult {
  user: null;
  created: false;
  pending: Mailed;
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

// Below this line: made from the API document by `go generate .`

/** A code of a refusal. */
export type ErrorCode =
  | 'app_name_taken'
  | 'app_not_found'
  | 'apps_remain'
  | 'body_too_large'
  | 'email_not_verified'
  | 'email_required'
  | 'email_taken'
  | 'external_id_taken'
  | 'forbidden'
  | 'idempotency_conflict'
  | 'identity_not_found'
  | 'internal'
  | 'invalid_api_key'
  | 'invalid_credentials'
  | 'invalid_request'
  | 'invalid_token'
  | 'last_credential'
  | 'limit_reached'
  | 'link_required'
  | 'mfa_enrollment_required'
  | 'mfa_required'
  | 'not_found'
  | 'oauth_config_exists'
  | 'passkeys_remain'
  | 'password_set'
  | 'provider_error'
  | 'provider_not_configured'
  | 'provider_refused'
  | 'provider_timeout'
  | 'rate_limited'
  | 'reauthentication_required'
  | 'session_not_found'
  | 'signup_disabled'
  | 'unauthenticated'
  | 'unavailable'
  | 'unsupported_media_type'
  | 'user_disabled'
  | 'user_not_found'
  | 'weak_password';

/** What the routes for users take and answer, for {@link Client.request}. */
export interface Routes {
  /** Make an access token of the session that a cookie holds. */
  'POST /auth/access-token/{app_id}': { body: EmptyBody; answer: AccessToken };
  /** Sign in or up with email and password. */
  'POST /auth/credentials/{app_id}': { body: CredentialsBody; answer: SignIn | Pending };
  /** Mail a proof of a new address. */
  'POST /auth/email/change/{app_id}': { body: ChangeEmailBody; answer: Pending };
  /** Change to the proven address. */
  'POST /auth/email/confirm/{app_id}': { body: ConfirmBody; answer: User };
  /** Mail a proof of the address. */
  'POST /auth/email/send/{app_id}': { body: EmptyBody; answer: Pending };
  /** Take a change of address, or a new identity, passkey or TOTP, back. */
  'POST /auth/email/undo/{app_id}': { body: UndoBody; answer: undefined };
  /** Prove the address. */
  'POST /auth/email/verify/{app_id}': { body: MailedProof; answer: User | SignIn };
  /** List the user's identities at providers. */
  'GET /auth/identities/{app_id}': { body: undefined; answer: Identities };
  /** Link an identity at a provider. */
  'POST /auth/identities/{app_id}': { body: IdentityBody; answer: OAuthStart };
  /** Unlink a provider's identities. */
  [route: `DELETE /auth/identities/{app_id}/${string}`]: { body: undefined; answer: undefined };
  /** Mail a link and a code. */
  'POST /auth/magic-link/{app_id}': { body: LinkBody; answer: Pending };
  /** Delete the signed-in user. */
  'DELETE /auth/me/{app_id}': { body: undefined; answer: undefined };
  /** Read the signed-in user. */
  'GET /auth/me/{app_id}': { body: undefined; answer: User };
  /** Change the signed-in user. */
  'PATCH /auth/me/{app_id}': { body: MePatchBody; answer: User };
  /** Read which second factors the user has. */
  'GET /auth/mfa/{app_id}': { body: undefined; answer: Mfa };
  /** Finish a sign-in with a second factor. */
  'POST /auth/mfa/{app_id}': { body: SecondFactorBody; answer: SignIn };
  /** Begin a sign-in, a second factor or a step-up with a passkey. */
  'POST /auth/passkey/begin/{app_id}': { body: PasskeyBeginBody; answer: Ceremony };
  /** Sign in with a passkey. */
  'POST /auth/passkey/finish/{app_id}': { body: PasskeySignInBody; answer: SignIn };
  /** Begin to add a passkey. */
  'POST /auth/passkeys/begin/{app_id}': { body: NewPasskeyBeginBody; answer: Ceremony };
  /** Add a passkey. */
  'POST /auth/passkeys/finish/{app_id}': { body: NewPasskeyBody; answer: Passkey };
  /** List the user's passkeys. */
  'GET /auth/passkeys/{app_id}': { body: undefined; answer: Passkeys };
  /** Remove a passkey. */
  [route: `DELETE /auth/passkeys/{app_id}/${string}`]: { body: undefined; answer: undefined };
  /** Rename a passkey. */
  [route: `PATCH /auth/passkeys/{app_id}/${string}`]: { body: PasskeyNameBody; answer: Passkey };
  /** Change the password. */
  'POST /auth/password/change/{app_id}': { body: ChangePasswordBody; answer: undefined };
  /** Mail a link and a code for a new password. */
  'POST /auth/password/forgot/{app_id}': { body: LinkBody; answer: Pending };
  /** Choose a new password. */
  'POST /auth/password/reset/{app_id}': { body: ResetBody; answer: SignIn };
  /** Set the first password. */
  'POST /auth/password/set/{app_id}': { body: SetPasswordBody; answer: undefined };
  /** Make new recovery codes. */
  'POST /auth/recovery-codes/{app_id}': { body: EmptyBody; answer: Recovery };
  /** Rotate a refresh token. */
  'POST /auth/refresh/{app_id}': { body: RefreshBody; answer: SignIn };
  /** List the user's sessions. */
  'GET /auth/sessions/{app_id}': { body: undefined; answer: Sessions };
  /** End one of the user's sessions. */
  [route: `DELETE /auth/sessions/{app_id}/${string}`]: { body: undefined; answer: undefined };
  /** End a session, or all. */
  'POST /auth/sign-out/{app_id}': { body: SignOutBody; answer: undefined };
  /** Make the session fresh. */
  'POST /auth/step-up/{app_id}': { body: StepUpBody; answer: SignIn };
  /** Exchange a one-time code. */
  'POST /auth/token/{app_id}': { body: ExchangeBody; answer: SignIn };
  /** Begin to add a TOTP, or to replace it. */
  'POST /auth/totp/begin/{app_id}': { body: FactorOwnerBody; answer: Totp };
  /** Confirm a TOTP by its first code. */
  'POST /auth/totp/finish/{app_id}': { body: TotpFinishBody; answer: Recovery };
  /** Remove the TOTP and its recovery codes. */
  'DELETE /auth/totp/{app_id}': { body: undefined; answer: undefined };
  /** Show a sign-in link's page, or redeem the link where JSON alone is accepted. */
  'GET /auth/verify/{app_id}': { body: undefined; answer: SignIn };
  /** Redeem a link or a code. */
  'POST /auth/verify/{app_id}': { body: LinkProof; answer: SignIn };
}

/** An access token of the session at hand. */
export interface AccessToken {
  /** In how many seconds the access token expires. */
  expires_in: number;
  /** The access token, a JWT. */
  token: string;
  /** How the access token is sent. */
  token_type: 'Bearer' | (string & {});
}

/** The beginning of a ceremony with a passkey. */
export interface Ceremony {
  /** Goes with the state, unless the binding cookie does. */
  binding: string;
  /** In how many seconds the state expires. */
  expires_in: number;
  /** What the browser's parseCreationOptionsFromJSON or parseRequestOptionsFromJSON takes. */
  options: {};
  /** Goes with the answer, once. */
  state: string;
}

/** Asks for a proof of a new address. */
export interface ChangeEmailBody {
  /** The address to change to. */
  new_email: string;
}

/** Takes another password in the place of the one that is. */
export interface ChangePasswordBody {
  /** The password until now. */
  current_password: string;
  /** The password from now on. */
  new_password: string;
}

/** The link of a change of address, by its token, or its code with the binding. */
export interface ConfirmBody {
  /** That of the answer to the request for the mail. */
  binding?: string;
  /** The six digits of the mail. */
  code?: string;
  /** The token of the link. */
  token?: string;
}

/** Signs in, or up, with a password. */
export interface CredentialsBody {
  /** The user's address. */
  email: string;
  /** sign_in never creates a user, and sign_up never signs an existing one in. Without it a known address with the right password signs in, and an unknown one signs up. */
  intent?: 'sign_in' | 'sign_up' | (string & {});
  /** Of a new user. */
  name?: string;
  /** Exactly as typed. */
  password: string;
}

/** Has no members. */
export interface EmptyBody {}

/** Exchanges a one-time code for a sign-in. */
export interface ExchangeBody {
  /** The one-time code that redirect_to was given. */
  code: string;
  /** That of the flow's code_challenge (RFC 7636). It is required where the flow had one. */
  code_verifier?: string;
}

/** Says for whom a factor is added, where no session does. */
export interface FactorOwnerBody {
  /** That the answer with the token or the state had, unless the binding cookie does. */
  binding?: string;
  /** Of mfa_enrollment_required, in the place of a session. */
  mfa_token?: string;
}

/** Says what is wrong with one member of a request. */
export interface FieldError {
  /** What is wrong with it; stable, for programs. */
  code: string;
  /** What is wrong with it, for people. */
  detail: string;
  /** The member, parameter or header; empty: the body as a whole. */
  field: string;
}

/** Lists the identities of a user. */
export interface Identities {
  /** In the order in which they were linked. */
  identities: Array<Identity>;
}

/** An identity of the user at a provider. */
export interface Identity {
  /** When it was linked. */
  created_at: string;
  /** The address that the provider knows, if it told. */
  email?: string;
  /** The provider's name, such as github, google, or one of the app's own. */
  provider: string;
}

/** Begins the linking of an identity. */
export interface IdentityBody {
  /** At which the identity is. */
  provider: string;
  /** Where the browser goes afterwards: one of the app's redirect_urls. */
  redirect_to?: string;
}

/** Asks for a mail with a link and a code. */
export interface LinkBody {
  /** The S256 challenge of a verifier, which the one-time code then needs (RFC 7636). One is required with a redirect_to of another origin, unless the session is held in a cookie. */
  code_challenge?: string;
  /** The user's address. */
  email: string;
  /** Where the browser goes after the sign-in: one of the app's redirect_urls. */
  redirect_to?: string;
}

/** Redeems a magic link, or its code. */
export interface LinkProof {
  /** That of the answer to the request for the mail. */
  binding?: string;
  /** The six digits of the mail. */
  code?: string;
  /** The address that was written to. */
  email?: string;
  /** Keeps the password and the name that were set at the sign-up, in the browser that signed up and asked for the link, if the address was not proven before. Otherwise they go. Set it only if the person says so. */
  keep_password?: boolean;
  /** The token of the link. */
  token?: string;
}

/** A link, by its token, or a code with the address and the binding. */
export interface MailedProof {
  /** That of the answer to the request for the mail. */
  binding?: string;
  /** The six digits of the mail. */
  code?: string;
  /** The address that was written to. */
  email?: string;
  /** The token of the link. */
  token?: string;
}

/** Changes the members that it has. */
export interface MePatchBody {
  /** The user's new name; null clears it. */
  name?: string | null;
}

/** Says which second factors a user has. */
export interface Mfa {
  /** That the user has: totp, passkey. */
  methods: Array<string>;
  /** How many recovery codes were not used. */
  recovery_codes_left: number;
  /** Whether the app requires a second factor. */
  required: boolean;
}

/** Begins to add a passkey. */
export interface NewPasskeyBeginBody {
  /** That the answer with the token or the state had, unless the binding cookie does. */
  binding?: string;
  /** The token of an invitation's link, in the place of a session: its page takes the answer of the browser. */
  invitation?: string;
  /** Of mfa_enrollment_required, in the place of a session. */
  mfa_token?: string;
}

/** A passkey that a browser has made. */
export interface NewPasskeyBody {
  /** That the answer with the token or the state had, unless the binding cookie does. */
  binding?: string;
  /** What toJSON() of the browser's credential gives. */
  credential: {} | null;
  /** Of mfa_enrollment_required, in the place of a session. */
  mfa_token?: string;
  /** Up to 64 characters; empty: the name of the authenticator. */
  name?: string;
  /** Of the beginning. */
  state: string;
}

/** The beginning of a flow through a provider. */
export interface OAuthStart {
  /** The asker's secret, which goes to the callback with the state. */
  binding: string;
  /** Where the person signs in at the provider. */
  redirect_url: string;
  /** Comes back with the provider's answer. */
  state: string;
}

/** A passkey of the user. */
export interface Passkey {
  /** Whether a copy of it exists beside the device. */
  backed_up: boolean;
  /** When it was added. */
  created_at: string;
  /** The passkey's id. */
  id: string;
  /** Null: not yet. */
  last_used_at: string | null;
  /** As it was given, or the name of the authenticator. */
  name: string;
  /** With an mfa_token: the sign-in that waited. */
  sign_in?: SignIn;
  /** By which it is reached, as the authenticator said. */
  transports: Array<string>;
}

/** Begins a sign-in with a passkey. */
export interface PasskeyBeginBody {
  /** Of an mfa_token: one binding then serves both. */
  binding?: string;
}

/** Renames a passkey. */
export interface PasskeyNameBody {
  /** 1 to 64 characters. */
  name: string;
}

/** The answer of a passkey. */
export interface PasskeySignInBody {
  /** Of the beginning, unless the binding cookie goes with it. */
  binding?: string;
  /** What toJSON() of the browser's credential gives. */
  credential: {} | null;
  /** Of the beginning. */
  state: string;
}

/** Lists the passkeys of a user. */
export interface Passkeys {
  /** Oldest first. */
  passkeys: Array<Passkey>;
}

/** Says that a proof is on its way by mail, if anything was to be mailed. */
export interface Pending {
  /** The secret of the asker, which goes with the code of the mail. A browser has it as a cookie too. */
  binding: string;
  /** In how many seconds the link and the code expire. */
  expires_in: number;
  /** Always true. */
  success: boolean;
}

/** The JSON form of an Error (RFC 9457). */
export interface Problem {
  /** With email_not_verified: that of the proof that was mailed; with mfa_token: that of the token. */
  binding?: string;
  /** What went wrong; stable, for programs. */
  code: string;
  /** What went wrong, for people. */
  detail: string;
  /** Each part of the request that is wrong; with weak_password, each fault of the password. */
  errors?: Array<FieldError>;
  /** In how many seconds mfa_token expires. */
  expires_in?: number;
  /** Likewise, and with reauthentication_required: totp, recovery_code, passkey, email_code, password, sign_in. */
  methods?: Array<string>;
  /** With mfa_required and mfa_enrollment_required: stands for the first factor. */
  mfa_token?: string;
  /** The provider's own code, with provider_refused. */
  provider_code?: string;
  /** With invalid_token: why, if the asker may know; values may be added. */
  reason?: string;
  /** As in the header X-Request-Id. */
  request_id?: string;
  /** The HTTP status. */
  status: number;
  /** The status in words. */
  title: string;
  /** With reason wrong_code: how often a code may still be tried; missing where only the limits bound that. */
  tries_left?: number;
  /** The address of a page about the code. */
  type: string;
}

/** Has recovery codes, which are shown once. */
export interface Recovery {
  /** Ten, each for one use. */
  recovery_codes: Array<string>;
  /** With an mfa_token: the sign-in that waited. */
  sign_in?: SignIn;
}

/** Exchanges a refresh token. */
export interface RefreshBody {
  /** The latest of the session. */
  refresh_token: string;
}

/** A way to sign in that was removed. */
export interface Removed {
  /** Its name, such as that of the provider. */
  name: string;
  /** Its kind, such as identity. */
  type: string;
}

/** Chooses a new password. */
export interface ResetBody {
  /** That of the answer to the request for the mail. */
  binding?: string;
  /** The six digits of the mail. */
  code?: string;
  /** The address that was written to. */
  email?: string;
  /** The new password. */
  password: string;
  /** The token of the link. */
  token?: string;
}

/** Shows a second factor: a code, or a passkey. */
export interface SecondFactorBody {
  /** That came with the token, unless the binding cookie goes with it. */
  binding?: string;
  /** Of the TOTP, a recovery code, or with email_code the code of the mail. */
  code?: string;
  /** What toJSON() of the browser's credential gives. */
  credential?: {} | null;
  /** Of mfa_required. */
  mfa_token: string;
  /** Whether this browser is not to be asked again, for as long as the app allows. */
  remember?: boolean;
  /** Of a passkey's beginning. */
  state?: string;
}

/** One signed-in browser or device, as its user sees it. */
export interface Session {
  /** When the user signed in. */
  created_at: string;
  /** Whether it is the session of this request. */
  current: boolean;
  /** When it ends if it is not used. */
  expires_at: string;
  /** The session's id. */
  id: string;
  /** The address of its latest use. */
  ip: string;
  /** When it was last used; to the minute for a session that a cookie holds. */
  last_used_at: string;
  /** The User-Agent of its latest use. */
  user_agent: string;
}

/** Lists the live sessions of a user. */
export interface Sessions {
  /** The live ones. */
  sessions: Array<Session>;
}

/** Chooses the first password. */
export interface SetPasswordBody {
  /** The password from now on. */
  new_password: string;
}

/** A sign-in. Where a cookie holds the session, token, token_type, expires_in and refresh_token are absent. */
export interface SignIn {
  /** Whether the user was created by this sign-in. */
  created: boolean;
  /** In how many seconds the access token expires. */
  expires_in?: number;
  /** For one exchange at refresh. */
  refresh_token?: string;
  /** The ways to sign in that a reset of the password has removed. */
  removed?: Array<Removed>;
  /** The access token, a JWT. */
  token?: string;
  /** How the access token is sent. */
  token_type?: 'Bearer' | (string & {});
  /** Who signed in. */
  user: User;
}

/** Ends a session. */
export interface SignOutBody {
  /** Ends every session of the user. */
  all?: boolean;
  /** Of the session, where the request has no access token and no cookie. */
  refresh_token?: string;
}

/** Proves that the user of the session is still there: by the password, a code or a passkey. */
export interface StepUpBody {
  /** Of a passkey's beginning, unless the binding cookie goes with it. */
  binding?: string;
  /** Of the TOTP, or a recovery code. */
  code?: string;
  /** What toJSON() of the browser's credential gives. */
  credential?: {} | null;
  /** Of a user without a second factor. */
  password?: string;
  /** Of a passkey's beginning. */
  state?: string;
}

/** The beginning of the enrolment of a TOTP. */
export interface Totp {
  /** Goes with the state, unless the binding cookie does. */
  binding: string;
  /** In how many seconds the state expires. */
  expires_in: number;
  /** The URI as a QR code: a data URL of an SVG image. */
  qr: string;
  /** Base32, to type into an authenticator app. */
  secret: string;
  /** Goes with the first code, once. */
  state: string;
  /** Otpauth://totp/…. */
  uri: string;
}

/** Confirms a TOTP. */
export interface TotpFinishBody {
  /** That the answer with the token or the state had, unless the binding cookie does. */
  binding?: string;
  /** The six digits that the authenticator app shows. */
  code: string;
  /** Of mfa_enrollment_required, in the place of a session. */
  mfa_token?: string;
  /** Of the beginning. */
  state: string;
}

/** Takes back what a mail told of. */
export interface UndoBody {
  /** The token of the link. */
  token: string;
}

/** A user as the user sees it. */
export interface User {
  /** Of the latest sign-in: credentials, magic_link, oauth, passkey, or what the host calls its own. */
  auth_method: string;
  /** When the user was created. */
  created_at: string;
  /** The address as first given. */
  email: string;
  /** Whether the address was proven. */
  email_verified: boolean;
  /** When the user last signed in; null before the first sign-in. */
  last_login: string | null;
  /** An object of the app's own; it may be empty. */
  metadata: {};
  /** The user's name, of up to 200 characters; null: there is no name. */
  name: string | null;
  /** Those that the app gave the user, sorted; they count once the address is proven. */
  roles: Array<string>;
  /** The user's id. */
  user_id: string;
}
