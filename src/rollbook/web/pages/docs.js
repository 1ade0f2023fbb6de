"use strict";
// Draws the document, and draws it anew with the tenant's own schemas once a token is given. Nothing is kept.
(() => {
  let token = "";

  const followToken = () => ({
    statePlugins: {
      auth: {
        wrapActions: {
          authorize: (original, system) => (given) => {
            const done = original(given);
            token = String(given.token?.value ?? "").trim();
            system.specActions.download();
            return done;
          },
          logout: (original, system) => (names) => {
            const done = original(names);
            token = "";
            system.specActions.download();
            return done;
          },
        },
      },
    },
  });

  SwaggerUIBundle({
    url: document.getElementById("docs").dataset.document,
    dom_id: "#docs",
    layout: "BaseLayout",
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [followToken],
    validatorUrl: null,
    persistAuthorization: false,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    requestInterceptor: (request) => {
      if (request.loadSpec && token) {
        request.headers.Authorization = `Bearer ${token}`;
      }
      return request;
    },
  });
})();
