// Shows the description of the Inbox API and lets its calls be tried, as the signed-in user or as an application.
"use strict";

const ACCOUNT = "yourAccount";
const APPLICATION = "application";

/** The description as it is served, with the two ways to sign in that this page offers. */
function withSignIn(description) {
  const origin = location.origin;
  const token = `${origin}/v2/oauth2/token`;
  const components = (description.components ??= {});
  components.securitySchemes = {
    [ACCOUNT]: { type: "http", scheme: "bearer", description: "A token that you have. “Use my account” above fills it in." },
    [APPLICATION]: {
      type: "oauth2",
      description: "As one of your apps, with its App ID and App Secret.",
      flows: {
        clientCredentials: { tokenUrl: token, scopes: {} },
        authorizationCode: {
          authorizationUrl: `${origin}/authentication/authorizeClientApplication`,
          tokenUrl: token,
          scopes: {},
        },
      },
    },
  };
  description.security = [{ [ACCOUNT]: [] }, { [APPLICATION]: [] }];
  for (const operation of Object.values(description.paths ?? {}).flatMap((path) => Object.values(path))) {
    // A call that needs no token says so with an empty list; whatever else a call asks for, these two ways give it.
    if (operation?.security?.length) delete operation.security;
  }
  // Calls go to the desk that this page comes from, also where it is reached under another name.
  description.servers = [{ url: origin, description: "This desk" }];
  return description;
}

async function readDescription(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`The description of the API could not be read (${answer.status}).`);
  return withSignIn(await answer.json());
}

/** A token for the signed-in user. */
async function fetchToken(csrfToken) {
  const answer = await fetch("/developers/token", {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams({ csrf_token: csrfToken }),
  });
  if (answer.redirected) throw new Error("You are signed out. Sign in and load this page again.");
  if (!answer.ok) throw new Error("That did not work. Load this page again.");
  return answer.json();
}

function offerOwnAccount(viewer) {
  const button = document.getElementById("use-my-account");
  const state = document.getElementById("explorer-state");
  if (!button) return;
  button.disabled = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const token = await fetchToken(button.dataset.csrf);
      viewer.preauthorizeApiKey(ACCOUNT, token.access_token);
      const until = new Date(Date.now() + token.expires_in * 1000);
      button.textContent = "Renew";
      state.textContent = `Calls are made as you until ${until.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}.`;
    } catch (error) {
      state.textContent = error.message;
    }
    button.disabled = false;
  });
}

function followColourScheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", apply);
  apply();
}

async function start() {
  const place = document.getElementById("explorer");
  followColourScheme();
  try {
    const spec = await readDescription(place.dataset.spec);
    place.textContent = "";
    const viewer = SwaggerUIBundle({
      spec,
      domNode: place,
      deepLinking: true,
      docExpansion: "none",
      filter: true,
      tagsSorter: "alpha",
      defaultModelsExpandDepth: -1,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      persistAuthorization: false,
      validatorUrl: null,
      oauth2RedirectUrl: place.dataset.redirect,
      presets: [SwaggerUIBundle.presets.apis],
      layout: "BaseLayout",
      onComplete: () => offerOwnAccount(viewer),
    });
    viewer.initOAuth({ usePkceWithAuthorizationCodeGrant: true });
  } catch (error) {
    place.textContent = error.message;
  }
}

start();
