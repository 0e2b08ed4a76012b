// An OpenID Connect issuer on a free port of loopback, with one client. It prints its address and
// serves until its input ends. Whoever signs in as NAME has the address NAME@issuer.example.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env;

const account = (_, sub) => ({
	accountId: sub,
	claims: () => ({ sub, name: `Person ${sub}`, email: `${sub}@issuer.example`, email_verified: !sub.startsWith("unverified") }),
});

const server = createServer().listen(0, "127.0.0.1", () => {
	const issuer = `http://127.0.0.1:${server.address().port}`;
	const provider = new Provider(issuer, {
		clients: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [REDIRECT_URI], grant_types: ["authorization_code", "refresh_token"] }],
		claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
		pkce: { required: () => true },
		conformIdTokenClaims: true,
		findAccount: account,
	});
	server.on("request", provider.callback());
	console.log(issuer);
});

process.stdin.on("end", () => process.exit()).resume();
