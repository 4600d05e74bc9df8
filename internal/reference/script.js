// This module draws the page from openapi.json. What the document says becomes text nodes and
// never markup. It shows what is in the document, and knows no operation by name.

const base = new URL('.', location.href).href.replace(/\/$/, '');
const order = ['get', 'post', 'put', 'patch', 'delete'];
let spec;
let operations;

const at = (id) => document.getElementById(id);

// el makes an element. Strings among its children become text nodes.
function el(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.flat(Infinity));
  return made;
}

const code = (text) => el('code', {}, text);
const link = (to, text) => el('a', { href: to }, text);
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// inline makes text with `code` in it into nodes.
const inline = (text) => text.split('`').map((part, i) => (i % 2 ? code(part) : part));
const paragraphs = (text = '') => text.split('\n\n').map((one) => el('p', {}, inline(one)));

// between puts a text between the nodes of a list.
const between = (nodes, text) => nodes.flatMap((node, i) => (i ? [text, node] : [node]));

// resolve follows a reference into the document.
function resolve(part) {
  if (!part.$ref) return part;
  return resolve(part.$ref.slice(2).split('/').reduce((within, key) => within[key], spec));
}

const nameOf = (schema) => schema.$ref?.split('/').pop();

function read() {
  const list = [];
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of order.filter((one) => item[one])) {
      const op = item[method];
      list.push({
        id: op.operationId, tag: op.tags?.[0] ?? '', method, path, summary: op.summary ?? '', security: op.security ?? [],
        parameters: (op.parameters ?? []).map(resolve),
        body: op.requestBody?.content ?? {},
        answers: Object.entries(op.responses).map(([status, answer]) => ({ status, ...resolve(answer) })),
      });
    }
  }
  return list;
}

// Types

function typeText(schema) {
  const of = resolve(schema);
  if (of.anyOf) return of.anyOf.map(typeText).join(' or ');
  const kinds = [of.type ?? 'anything'].flat().map((kind) => {
    if (kind === 'array') return `list of ${typeText(of.items)}`;
    if (kind === 'object') return of.additionalProperties?.type ? `object of ${typeText(of.additionalProperties)}` : nameOf(schema) ?? 'object';
    return of.format && kind !== 'null' ? `${kind} (${of.format})` : kind;
  });
  return kinds.join(' or ');
}

function range(least, most, unit) {
  if (least !== undefined && most !== undefined) return [`${least} to ${most}${unit}`];
  if (least !== undefined) return [`at least ${least}${unit}`];
  return most === undefined ? [] : [`at most ${most}${unit}`];
}

// typeOf says what a value may be, such as "integer, 1 to 500, 50 by default".
function typeOf(schema) {
  const of = resolve(schema);
  return [
    typeText(schema),
    ...(of.enum ? [of.enum.join(' | ')] : []),
    ...range(of.minimum, of.maximum, ''),
    ...range(of.minLength, of.maxLength, ' characters'),
    ...(of.default === undefined ? [] : [`${of.default} by default`]),
  ].join(', ');
}

// held returns the schema of the object that a value is, or holds; undefined: it holds no such object.
function held(schema) {
  const of = resolve(schema);
  if (of.properties) return schema;
  if (of.items) return held(of.items);
  return undefined;
}

function entry(name, schema, mark, text) {
  const term = el('dt', {}, code(name), ' ', el('span', { class: 'kind' }, typeOf(schema)));
  if (mark) term.append(' ', el('span', { class: 'mark' }, mark));
  return [term, el('dd', {}, paragraphs(text))];
}

// members lists the members of an object, and those of the objects in it. above are the names of
// the objects around it, so that a type that holds itself ends.
function members(schema, isBody, above = []) {
  const of = resolve(schema);
  const rows = Object.entries(of.properties ?? {}).flatMap(([name, member]) => {
    const required = of.required?.includes(name);
    const row = entry(name, member, isBody ? required && 'required' : !required && 'may be absent', member.description);
    const inner = held(member);
    if (inner && !above.includes(nameOf(inner))) row[1].append(members(inner, isBody, [...above, nameOf(inner)]));
    return row;
  });
  return rows.length ? el('dl', {}, rows) : el('p', {}, 'It has no members.');
}

// shape shows a JSON value: the members of an object, or of each of several.
function shape(schema, isBody) {
  const choices = resolve(schema).anyOf ?? [schema];
  return choices.flatMap((choice, i) => [
    el('p', {}, i ? 'Or ' : '', code(nameOf(choice) ?? typeText(choice))),
    ...(held(choice) ? [members(held(choice), isBody, [nameOf(choice)])] : []),
  ]);
}

// Parts of an operation

function callers({ security }) {
  const names = security.flatMap((one) => Object.keys(one));
  const anyone = names.length === 0 || security.some((one) => Object.keys(one).length === 0);
  if (names.length === 0) return el('p', {}, 'Anyone, without a credential.');
  const links = between(names.map((name) => link(`#credential-${name}`, code(name))), ' or ');
  return el('p', {}, 'With ', links, anyone ? ', or without a credential.' : '.');
}

const places = { path: 'in the path', query: 'in the query', header: 'header', cookie: 'cookie' };

function parameters({ parameters }) {
  if (parameters.length === 0) return [];
  const rows = parameters.flatMap((one) => entry(one.name, one.schema, places[one.in] + (one.required ? ', required' : ''), one.description));
  return [el('h4', {}, 'Parameters'), el('dl', {}, rows)];
}

function body({ body }) {
  return Object.entries(body).flatMap(([media, { schema }]) => [
    el('h4', {}, 'Body, ', code(media)), ...paragraphs(resolve(schema).description), ...shape(schema, true),
  ]);
}

const isRefusal = (answer) => Boolean(answer.content?.['application/problem+json']);

// common are the headers that every answer of the document may have.
let common;
function readCommon() {
  const lists = operations.flatMap((one) => one.answers.map((answer) => Object.keys(answer.headers ?? {})));
  return lists.reduce((all, list) => all.filter((name) => list.includes(name)), lists[0] ?? []);
}

function headers(all, names) {
  const rows = names.flatMap((name) => {
    const of = resolve(all[name]);
    return entry(name, of.schema, '', of.description);
  });
  return rows.length ? [el('dl', {}, rows)] : [];
}

function success({ status, description, content = {}, headers: all = {} }) {
  const own = headers(all, Object.keys(all).filter((name) => !common.includes(name)));
  return [
    el('h5', {}, status), ...paragraphs(description),
    ...Object.entries(content).flatMap(([media, { schema }]) => [
      el('p', {}, code(media)), ...(media === 'application/json' ? shape(schema, false) : []),
    ]),
    ...(own.length ? [el('p', {}, 'Headers'), ...own] : []),
  ];
}

// codesOf reads the codes of a refusal, and what each means, from its description: a list with a
// line for each.
function codesOf(answer) {
  return [...answer.description.matchAll(/^- `([^`]+)`: (.*)$/gm)].map(([, name, meaning]) => ({ name, meaning }));
}

function answers({ answers }) {
  const refusals = answers.filter(isRefusal).flatMap((answer) => codesOf(answer).flatMap(({ name, meaning }) => [
    el('dt', {}, `${answer.status} `, link(`./errors/${name}`, code(name))), el('dd', {}, paragraphs(meaning)),
  ]));
  return [
    el('h4', {}, 'Answers'), ...answers.filter((answer) => !isRefusal(answer)).flatMap(success),
    ...(refusals.length ? [el('h4', {}, 'Refusals'), el('dl', {}, refusals)] : []),
  ];
}

// Examples

const upper = (name) => name.replace(/[A-Z]/g, '_$&').toUpperCase();
const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

// credential returns the first credential that an operation takes, and the name of a variable for it.
function credential({ security }) {
  const name = security.flatMap((one) => Object.keys(one))[0];
  if (!name) return undefined;
  return { ...spec.components.securitySchemes[name], variable: /(token|key|cookie)$/i.test(name) ? name : `${name}Token` };
}

const exampleOf = ({ body }) => body['application/json']?.example;
const json = (value, indent) => JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent}`);
const quoted = (text) => text.replace(/[$`"\\]/g, '\\$&'); // for a shell, within "

function curl(op) {
  const url = quoted(base) + op.path.replace(/\{(\w+)\}/g, (_, name) => `$${upper(name)}`);
  const lines = [`curl ${op.method === 'get' ? '' : `-X ${op.method.toUpperCase()} `}"${url}"`];
  const by = credential(op);
  if (by?.in === 'cookie') lines.push(`-b "${by.name.replace(/\{(\w+)\}/g, (_, name) => `$${upper(name)}`)}=$${upper(by.variable)}"`);
  else if (by) lines.push(`-H "Authorization: Bearer $${upper(by.variable)}"`);
  const example = exampleOf(op);
  if (example) lines.push("-H 'Content-Type: application/json'", `-d '${json(example, '').replaceAll("'", "'\\''")}'`);
  return lines.join(' \\\n  ');
}

function fetching(op) {
  const path = op.path.replace(/\{(\w+)\}/g, (_, name) => `\${${camel(name)}}`);
  const [by, example, options, sent] = [credential(op), exampleOf(op), [], []];
  if (op.method !== 'get') options.push(`method: '${op.method.toUpperCase()}'`);
  if (example) sent.push("'Content-Type': 'application/json'");
  if (by?.in === 'cookie') options.push("credentials: 'include'");
  else if (by) sent.push(`Authorization: \`Bearer \${${by.variable}}\``);
  if (sent.length) options.push(`headers: { ${sent.join(', ')} }`);
  if (example) options.push(`body: JSON.stringify(${json(example, '  ')})`);
  const more = options.length ? `, {\n  ${options.join(',\n  ')},\n}` : '';
  const media = op.answers.filter((answer) => !isRefusal(answer)).flatMap((answer) => Object.keys(answer.content ?? {}));
  const value = media.includes('application/json') ? ', await answer.json()' : media.length ? ', await answer.text()' : '';
  return `const answer = await fetch(\`${base}${path}\`${more});\nconsole.log(answer.status${value});`;
}

let pressed; // the text of the button that copied last

function sample(title, text) {
  const block = el('pre', {}, code(text));
  const label = document.createTextNode('Copy');
  const button = el('button', { type: 'button' }, label, el('span', { class: 'unseen' }, ` the example with ${title}`));
  button.addEventListener('click', async () => {
    if (pressed) pressed.data = 'Copy';
    pressed = label;
    let done = 'Copied';
    try {
      await navigator.clipboard.writeText(text);
    } catch { // a page that is not of https has no clipboard
      getSelection().selectAllChildren(block);
      done = 'Selected';
    }
    if (pressed === label) at('said').textContent = label.data = done;
  });
  return [el('div', { class: 'sample' }, el('h5', {}, title), button), block];
}

// answered shows the answers of the examples.
function answered({ answers }) {
  return answers.flatMap(({ status, content }) => {
    const example = content?.['application/json']?.example;
    return example ? [el('h5', {}, `The answer, ${status}`), el('pre', {}, code(json(example, '')))] : [];
  });
}

function inside(op) {
  return el('div', { class: 'inside' },
    el('h4', {}, 'Who may call'), callers(op), parameters(op), body(op), answers(op),
    el('h4', {}, 'Examples'), sample('curl', curl(op)), sample('fetch', fetching(op)), answered(op),
    el('p', {}, link(`#${op.id}`, `Link to ${op.id}`)));
}

// The page

const badge = ({ method }) => el('span', { class: `method ${method}` }, method.toUpperCase());

// drawOperation makes a part that is filled in when it is opened first.
function drawOperation(op) {
  op.part = el('details', { id: op.id },
    el('summary', {}, el('h3', {}, badge(op), ' ', code(op.path), ' ', el('span', { class: 'about' }, op.summary))));
  op.fill = () => {
    op.part.append(inside(op));
    op.fill = () => {};
  };
  op.part.addEventListener('toggle', () => op.part.open && op.fill());
  op.item = el('li', {}, el('a', { href: `#${op.id}` }, badge(op), ' ', op.summary));
  op.words = [
    op.id, op.method, op.path, op.summary, op.tag, ...op.parameters.map((one) => one.name),
    ...Object.values(op.body).flatMap(({ schema }) => Object.keys(resolve(schema).properties ?? {})),
    ...op.answers.filter(isRefusal).flatMap((answer) => codesOf(answer).map((one) => one.name)),
  ].join(' ').toLowerCase();
}

function drawTag({ name, description }) {
  const own = operations.filter((op) => op.tag === name);
  own.forEach(drawOperation);
  const id = `tag-${name}`;
  const part = el('section', { 'aria-labelledby': id }, el('h2', { id }, capital(name)), paragraphs(description), own.map((op) => op.part));
  const item = el('li', {}, capital(name), el('ul', {}, own.map((op) => op.item)));
  return { own, part, item };
}

function drawCommon() {
  const schemes = Object.entries(spec.components.securitySchemes).flatMap(([name, of]) => [
    el('dt', { id: `credential-${name}` }, code(name), ' ', el('span', { class: 'kind' }, of.in === 'cookie' ? `cookie ${of.name}` : `Authorization: Bearer ${of.bearerFormat ?? ''}`)),
    el('dd', {}, paragraphs(of.description)),
  ]);
  const refused = operations.flatMap((op) => op.answers).find(isRefusal);
  const problem = refused?.content['application/problem+json'].schema;
  return el('section', { 'aria-labelledby': 'common' },
    el('h2', { id: 'common' }, 'Common to all operations'),
    el('h3', {}, 'Credentials'), el('dl', {}, schemes),
    problem ? [el('h3', {}, 'Refusals'), el('p', {}, code('application/problem+json')), shape(problem.allOf?.[0] ?? problem, false)] : [],
    refused ? [el('h3', {}, 'Headers of every answer'), headers(refused.headers ?? {}, common)] : []);
}

// show opens the part that an address leads to, and ends a search that hides it.
function show(id) {
  const op = operations.find((one) => one.id === id);
  if (!op) return at(id);
  if (op.part.hidden) {
    at('search').value = '';
    search();
  }
  op.fill();
  op.part.open = true;
  return op.part;
}

let tags;

function search() {
  const words = at('search').value.toLowerCase().split(/\s+/);
  let found = 0;
  for (const { own, part, item } of tags) {
    for (const op of own) {
      op.part.hidden = op.item.hidden = !words.every((word) => op.words.includes(word));
      found += op.part.hidden ? 0 : 1;
    }
    part.hidden = item.hidden = own.every((op) => op.part.hidden);
  }
  at('found').textContent = `${found} of ${operations.length} operations`;
}

function draw() {
  operations = read();
  common = readCommon();
  tags = spec.tags.map(drawTag);
  document.title = at('title').textContent = `${spec.info.title} API reference`;
  at('about').append(...paragraphs(spec.info.description), el('p', {}, 'Base URL: ', code(base)),
    el('p', {}, 'This page shows ', link('./openapi.json', 'openapi.json'), ' (OpenAPI ', spec.openapi, ').'));
  at('index').append(...tags.map((tag) => tag.item), el('li', {}, link('#common', 'Common to all operations')));
  at('operations').append(...tags.map((tag) => tag.part), drawCommon());
  at('state').remove();
  search();
  at('search').addEventListener('input', search);
  document.addEventListener('click', (event) => {
    const to = event.target.closest('a[href^="#"]');
    if (to) show(to.hash.slice(1));
  });
  const go = () => show(location.hash.slice(1))?.scrollIntoView();
  addEventListener('hashchange', go);
  go();
}

try {
  const answer = await fetch('./openapi.json');
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  spec = await answer.json();
  draw();
} catch (error) {
  at('state')?.append(` It could not be read: ${error.message}.`);
  throw error;
}
