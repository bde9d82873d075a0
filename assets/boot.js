// Starts the page's program. A file of its own because the content security policy allows no inline script; imports by
// hand because a missing or blocked file must be shown to people instead of leaving "Loading" for ever.

// Pages that are programs of their own, by address; every other address is the console's.
const PROGRAMS = {
  "realtime-demo": ["demo", () => import("./demo.js")],
  wall: ["wall", () => import("./wall.js")],
};
const base = document.querySelector('meta[name="sentinelops-base"]').content;
const address = location.pathname.slice(base.length).replace(/\/$/, "");
const [program, load] = Object.hasOwn(PROGRAMS, address) ? PROGRAMS[address] : ["app", () => import("./app.js")];

// The theme chosen earlier, before the console is painted. Its theme button reads and writes the same key. A wall is dark
// unless its address says otherwise, and has no use for the picture of the console.
try {
  const isWall = program === "wall";
  if (isWall) document.getElementById("boot-skeleton").hidden = true;
  const theme = isWall ? (new URLSearchParams(location.search).get("theme") ?? "dark") : localStorage.getItem("sentinelops.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden here: the system's wish rules.
}

// The worker loads beside the page's program, not after it. The library takes it over when it wants one
// (crates/realtime/src/bridge/shim.js), or ends it.
try {
  const url = document.querySelector('meta[name="sentinelops-worker"]').content;
  const wanted = JSON.parse(document.getElementById("sentinelops-config").textContent);
  if (wanted.enableWebsocket !== false && !wanted.workerUrl) {
    const early = { url, messages: [], failed: false };
    globalThis.sentinelopsWorker = early;
    // There can be one policy of a name: it goes with the worker.
    early.policy = globalThis.trustedTypes?.createPolicy("sentinelops", { createScriptURL: (given) => given });
    early.worker = new Worker(early.policy ? early.policy.createScriptURL(url) : url, { type: "module" });
    early.worker.onmessage = (event) => early.messages.push(event.data);
    early.worker.onerror = early.worker.onmessageerror = (event) => {
      event.preventDefault();
      early.failed = true;
    };
  }
} catch {
  // The library tries again, and says what is wrong.
}

// The build lists the files of each program. Only those of this page are loaded: script and module side by side.
for (const link of document.querySelectorAll(`link[data-program="${program}"]`)) link.rel = link.dataset.rel;

load()
  .then((started) => started.default())
  .catch((error) => {
    const status = document.getElementById("boot-status");
    if (status) {
      document.getElementById("boot-skeleton").remove();
      document.getElementById("boot").className = "boot";
      status.setAttribute("role", "alert");
      status.textContent =
        "SentinelOps could not start (" + error.message + "). Reload the page; if that does not help, " +
        "the server may be sending an old copy, or a proxy or browser extension blocks WebAssembly.";
    }
    throw error;
  });
