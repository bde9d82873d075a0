// Starts the page. A file of its own because the content security policy allows no inline script; imports by
// hand because a missing or blocked file must be said to people instead of leaving "Loading" for ever.
import("./app.js")
  .then((app) => app.default())
  .catch((error) => {
    const status = document.getElementById("boot-status");
    if (status) {
      status.setAttribute("role", "alert");
      status.textContent =
        "SentinelOps could not start (" + error.message + "). Reload the page; if that does not help, " +
        "the server may be sending an old copy, or a proxy or browser extension blocks WebAssembly.";
    }
    throw error;
  });
