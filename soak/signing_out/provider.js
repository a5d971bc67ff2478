// An OpenID provider with back-channel logout: node provider.js PORT MILEAGE
// Whoever types a name into its own sign-in form is that person.
import Provider from "oidc-provider";

const [port, mileage] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "mileage",
      client_secret: "client-secret",
      redirect_uris: [`${mileage}/sign-in/oidc/back`],
      backchannel_logout_uri: `${mileage}/sign-in/oidc/logout`,
      backchannel_logout_session_required: true,
    },
  ],
  // It reaches no private address otherwise; Mileage is on this machine.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  cookies: { keys: ["a key of cookies"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: true, name: id }),
  }),
});
provider.on("backchannel.error", (_, error) => console.error("refused", error.message));
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
