// Starts the page. A file of its own because the content security policy allows no inline script; imports by
// hand because a missing or blocked file must be shown to people instead of leaving "Loading" for ever.

// The theme chosen earlier, before the console is painted. Its theme button reads and writes the same key.
try {
  const theme = localStorage.getItem("sentinelops.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden here: the system's wish rules.
}

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
