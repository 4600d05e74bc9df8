import { createClient } from '/id/authkit.js';
import { app } from './config.js';

// The refresh token is in localStorage, so that all tabs have one session, which a reload keeps.
const auth = createClient({ app, storage: 'local' });
const at = (id) => document.getElementById(id);

// show draws the page for who is signed in; null: no one.
function show(user) {
  at('state').hidden = true;
  at('enter').hidden = Boolean(user);
  at('inside').hidden = !user;
  at('who').textContent = user?.email ?? '';
  at('reply').hidden = at('trouble').hidden = true;
}

// Every change of the session comes here, also those that other tabs make.
auth.onChange(({ type, user, error }) => {
  const item = document.createElement('li');
  const name = document.createElement('code');
  name.textContent = type;
  item.append(name, ` ${user?.email ?? error?.message ?? ''}`);
  at('events').prepend(item);
  at('quiet').hidden = true;
  if (type !== 'refreshed') show(user);
});

// why says what went wrong, for a person. A code that this version does not know has a message, too.
function why(error) {
  switch (error.code) {
    case 'network_error': return 'The server did not answer. Try again.';
    case 'email_taken': return 'There is an account with this address. Sign in instead.';
    case 'rate_limited': return `Too many tries. Wait ${error.retryAfter ?? 60} seconds.`;
    default: return error.errors?.[0]?.detail ?? error.message;
  }
}

// attempt runs a step while its button is off, and shows its refusal.
async function attempt(button, problem, step) {
  problem.hidden = true;
  button.disabled = true;
  try {
    await step();
  } catch (error) {
    problem.textContent = why(error);
    problem.hidden = false;
  } finally {
    button.disabled = false;
  }
}

let signsUp;

// choose makes the form one that signs in, or up.
function choose(up) {
  signsUp = up;
  at('title').textContent = at('go').textContent = up ? 'Create an account' : 'Sign in';
  at('question').textContent = up ? 'Been here before?' : 'New here?';
  at('other').textContent = up ? 'Sign in' : 'Create an account';
  at('password').autocomplete = up ? 'new-password' : 'current-password';
  at('hint').hidden = !up;
  at('problem').hidden = true;
}
choose(false);

at('other').addEventListener('click', () => {
  choose(!signsUp);
  at('email').focus();
});

at('enter').addEventListener('submit', (event) => {
  event.preventDefault();
  const credentials = { email: at('email').value, password: at('password').value };
  attempt(at('go'), at('problem'), async () => {
    await (signsUp ? auth.signUp(credentials) : auth.signIn(credentials));
    at('password').value = '';
    choose(false);
    at('hello').focus();
  });
});

// auth.fetch adds the access token, and refreshes it where that is needed.
at('ask').addEventListener('click', () => attempt(at('ask'), at('trouble'), async () => {
  const answer = await auth.fetch('/api/whoami');
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  at('reply').textContent = JSON.stringify(await answer.json(), null, 2);
  at('reply').hidden = false;
}));

at('leave').addEventListener('click', () => attempt(at('leave'), at('trouble'), async () => {
  await auth.signOut();
  at('email').focus();
}));

try {
  show(await auth.start());
} catch (error) {
  show(auth.user);
  at('problem').textContent = why(error);
  at('problem').hidden = false;
}
