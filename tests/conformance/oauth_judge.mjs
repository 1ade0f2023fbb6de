// oauth4webapi, which checks every answer against its RFC, runs all that the server offers. The last line tells how.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";

const { url, id, secret, username, password } = JSON.parse(process.argv[2]);
const loose = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(url);
const client = { client_id: id };

const as = await oauth.processDiscoveryResponse(
  issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...loose }));
const told = [];

for (const auth of [oauth.ClientSecretBasic(secret), oauth.ClientSecretPost(secret)]) {
  const own = await oauth.processClientCredentialsResponse(as, client,
    await oauth.clientCredentialsGrantRequest(as, client, auth, { scope: "scim.read" }, loose));
  assert.equal(own.scope, "scim.read");
  assert.equal(own.token_type, "bearer");

  const login = await oauth.processGenericTokenEndpointResponse(as, client,
    await oauth.genericTokenEndpointRequest(as, client, auth, "password", { username, password }, loose));
  assert.equal(login.expires_in, 3600);

  const request = new Request(`${url}/scim/v2/Users`, { headers: { authorization: `Bearer ${login.access_token}` } });
  const claims = await oauth.validateJwtAccessToken(as, request, as.issuer, loose);
  assert.equal(claims.client_id, id);
  assert.equal((await fetch(request)).status, 200);

  const again = await oauth.processRefreshTokenResponse(as, client,
    await oauth.refreshTokenGrantRequest(as, client, auth, login.refresh_token, loose));
  assert.notEqual(again.refresh_token, login.refresh_token);

  const live = await oauth.processIntrospectionResponse(as, client,
    await oauth.introspectionRequest(as, client, auth, again.access_token, loose));
  assert.equal(live.active, true);
  assert.equal(live.username, username);

  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, auth, again.refresh_token, loose));
  const dead = await oauth.processIntrospectionResponse(as, client,
    await oauth.introspectionRequest(as, client, auth, again.refresh_token, loose));
  assert.equal(dead.active, false);
  await assert.rejects(
    async () => oauth.processRefreshTokenResponse(as, client,
      await oauth.refreshTokenGrantRequest(as, client, auth, again.refresh_token, loose)),
    (error) => error instanceof oauth.ResponseBodyError && error.error === "invalid_grant");
  await assert.rejects(
    async () => oauth.processClientCredentialsResponse(as, client,
      await oauth.clientCredentialsGrantRequest(as, client, oauth.ClientSecretPost("wrong"), {}, loose)),
    (error) => error.error === "invalid_client" || error instanceof oauth.WWWAuthenticateChallengeError);
  told.push("judged");
}
console.log(JSON.stringify(told));
