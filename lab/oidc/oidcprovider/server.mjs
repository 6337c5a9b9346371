// An OpenID provider: the npm package oidc-provider, one user, and the clients a test names.
//
// Standard input holds one JSON object a line. The first is the configuration:
//   clients   as OpenID Connect Dynamic Client Registration 1.0 section 2 names their settings
//   user      {username, password, sub, claims}
//   scopes    {scope: [claim, ...]} beside openid
//   tls       {key, cert} as PEM; without it the provider speaks http
// Every further line is an order: {"rotate": "fresh"} withdraws all keys and makes new ones with new ids, {"rotate": "same"}
// keeps the ids. When the configuration or an order is done, one line "ready <issuer>" is printed. The end of the input
// ends the provider.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer as createHTTP } from 'node:http';
import { createServer as createHTTPS } from 'node:https';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA', 'HS256'];

// keys makes one signing key of each kind. They carry no alg, as many providers' do.
function keys(ids) {
  const jwk = (name, type, options) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), kid: ids[name] ??= `${name}-${randomUUID()}`, use: 'sig',
  });
  return [
    jwk('rsa', 'rsa', { modulusLength: 2048 }), jwk('p256', 'ec', { namedCurve: 'P-256' }),
    jwk('p384', 'ec', { namedCurve: 'P-384' }), jwk('ed', 'ed25519'),
  ];
}

// provider makes the package's provider. What it keeps in memory survives the next one.
function provider(config, issuer, jwks) {
  const made = new Provider(issuer, {
    clients: config.clients,
    jwks: { keys: jwks },
    scopes: ['openid', ...Object.keys(config.scopes)],
    claims: { openid: ['sub'], ...config.scopes },
    cookies: { keys: ['the lab signs its cookies'] },
    enabledJWA: { idTokenSigningAlgValues: algorithms, userinfoSigningAlgValues: algorithms },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      jwtUserinfo: { enabled: true },
    },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...config.user.claims }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    // Everything asked for is granted: what is tested is the sign-in, not the consent.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope(['openid', ...Object.keys(config.scopes)].join(' '));
      await grant.save();
      return grant;
    },
    // The package lets its requests go to no loopback address, by a dispatcher it puts into the options. The lab lives there,
    // on machines that may need longer than the 2.5 s that the package's signal gives a client.
    fetch: (url, { dispatcher, signal, ...options }) => globalThis.fetch(url, options),
    pkce: { required: () => true },
  });
  // The package refuses http and localhost for clients that get tokens through the browser. The lab lives there.
  const schema = made.Client.Schema.prototype;
  const { invalidate } = schema;
  schema.invalidate = function ours(message, code) {
    if (code !== 'implicit-force-https' && code !== 'implicit-forbid-localhost') {
      invalidate.call(this, message, code);
    }
  };
  for (const event of ['server_error', 'grant.error', 'authorization.error', 'backchannel.error', 'userinfo.error']) {
    made.on(event, (_, err) => console.error(event, err.message, err.error_detail ?? ''));
  }
  made.on('server_error', (_, err) => console.error(err));
  return made;
}

const page = (action, text) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head>
<body><main><h1>Sign in at the provider</h1><p>${text}</p>
<form method="post" action="${action}">
<p><label>User <input name="username" autocomplete="off"></label></p>
<p><label>Password <input type="password" name="password"></label></p>
<p><button id="enter">Sign in</button> <button id="cancel" name="cancel" value="yes">Cancel</button></p>
</form></main></body></html>`;

// interact answers the provider's sign-in page.
async function interact(op, user, req, res) {
  const answer = (text) => res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(req.url, text));
  const { prompt } = await op.interactionDetails(req, res);
  if (req.method !== 'POST') {
    answer(`It asks for ${prompt.name}.`);
    return;
  }
  let body = '';
  for await (const chunk of req) {
    body += chunk;
  }
  const form = new URLSearchParams(body);
  if (form.has('cancel')) {
    await op.interactionFinished(req, res, { error: 'access_denied', error_description: 'the user said no' });
  } else if (form.get('username') === user.username && form.get('password') === user.password) {
    await op.interactionFinished(req, res, { login: { accountId: user.sub, amr: ['pwd'] } });
  } else {
    answer('User or password is wrong.');
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const config = JSON.parse((await lines.next()).value);
const server = config.tls ? createHTTPS(config.tls) : createHTTP();
await new Promise((up) => { server.listen(0, '127.0.0.1', up); });
const issuer = `${config.tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;

let ids = {};
let op = provider(config, issuer, keys(ids));
server.on('request', (req, res) => {
  if (!req.url.startsWith('/interaction/')) {
    op.callback()(req, res);
    return;
  }
  interact(op, config.user, req, res).catch((err) => {
    console.error(err);
    res.writeHead(400, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><title>Over</title><h1>This sign-in is over</h1>');
  });
});
console.log(`ready ${issuer}`);

for (let line = await lines.next(); !line.done; line = await lines.next()) {
  if (JSON.parse(line.value).rotate === 'fresh') {
    ids = {};
  }
  op = provider(config, issuer, keys(ids));
  console.log(`ready ${issuer}`);
}
server.close();
server.closeAllConnections();
