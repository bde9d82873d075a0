// Stands round `new Worker` while yew-agent spawns ours. yew-agent keeps the worker to itself: without this the page
// could neither see that it failed nor end it, and a throwing constructor would kill the page.

// What yew-agent gets when the browser refused: takes messages, does nothing. A function, because it also stands in
// for a constructor that is not there.
function Nobody() {
  return { onmessage: null, postMessage() {}, terminate() {}, addEventListener() {} };
}

// Trusted Types policies can be created once each: kept for later spawns.
let policy;

function trusted(url) {
  if (!globalThis.trustedTypes) return url;
  // Only URLs of workers that we were asked to spawn come here.
  policy ??= globalThis.trustedTypes.createPolicy("sentinelops", { createScriptURL: (given) => given });
  return policy.createScriptURL(url);
}

// A page may have started the worker before its program was there, so that both load side by side, as the start script
// of the console does: { url, worker, messages: what it sent so far, failed, policy }. One that failed is ended and
// started again, because only then it is known why.
function takeEarly(url) {
  const early = globalThis.sentinelopsWorker;
  if (!early) return null;
  delete globalThis.sentinelopsWorker;
  policy ??= early.policy;
  const { worker } = early;
  if (!worker) return null;
  worker.onmessage = worker.onerror = worker.onmessageerror = null;
  if (!early.failed && absolute(early.url) === absolute(url)) return early;
  worker.terminate();
  return null;
}

// How often (ms) a page that is looked at asks whether there is a newer build.
const ASK_MS = 60 * 60 * 1000;

// Registers the page's service worker. `newer` is called when one of another build than this page's has taken over: it
// announces the address of the script its pages start with.
export async function register(url, scope, newer) {
  const container = navigator.serviceWorker;
  // There is none on plain http, and not in every browser.
  if (!container) return;
  container.addEventListener("message", ({ data }) => {
    const isOurs = Array.from(document.scripts).some((script) => script.src && new URL(script.src).pathname === data);
    if (typeof data === "string" && !isOurs) newer();
  });
  const registration = await container.register(trusted(url), { scope, updateViaCache: "none" });
  let asked = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || Date.now() - asked < ASK_MS) return;
    asked = Date.now();
    registration.update().catch(() => {});
  });
}

const absolute = (url) => {
  try {
    return new URL(url, document.baseURI).href;
  } catch {
    return url;
  }
};

// Replaces the constructor until `restore`. Only the next `new Worker(url)` of exactly this URL is ours.
// `head` begins every message of this build, its mark those of every build; see codec.rs.
// `report(kind, text)` is called later, never from inside: kinds "missing", "blocked", "crashed", "other build", "foreign".
export function watch(url, head, report) {
  const mark = head.slice(0, -16);
  const target = absolute(url);
  const Real = globalThis.Worker;
  let worker = null;
  let live = true;
  let refused = false;
  let loaded = false;

  const tell = (kind, text) => {
    if (live) report(kind, text);
  };
  // One refusal can show in several ways; the first, which has most detail, is reported.
  const refuse = (kind, text) => {
    if (refused) return;
    refused = true;
    tell(kind, text);
  };
  const refuseLater = (kind, text) => setTimeout(() => refuse(kind, text), 0);

  const onViolation = (event) => {
    const blocked = event.blockedURI === target || event.sample?.includes(target);
    const aboutWorkers = /^(worker|child|script|default)-src|^require-trusted-types/.test(event.effectiveDirective);
    if (!aboutWorkers || !(blocked || target.startsWith(event.blockedURI + "/"))) return;
    refuse("blocked", `the content security policy (${event.effectiveDirective}) forbids ${target}`);
  };
  document.addEventListener("securitypolicyviolation", onViolation);

  const onError = (event) => {
    // Received and reported here: the page's own error handler is not concerned.
    event.preventDefault();
    if (event.message) {
      const where = event.filename ? ` (${event.filename.split(/[?#]/)[0]}:${event.lineno})` : "";
      const text = event.message + where;
      // Before its first message it fails by what it is made of: files of an old build that are gone, a policy.
      if (!loaded && /content security policy/i.test(text)) refuse("blocked", text);
      else if (!loaded && /fetch|load/i.test(text)) refuse("missing", text);
      else tell("crashed", text);
    } else {
      // A plain event: the script did not load, and the browser does not say why. Ask for it once more.
      explain(target).then((text) => refuse("missing", text));
    }
  };
  // yew-agent reads every message and has no way to refuse one: only those of this build reach it.
  const onMessage = (event) => {
    loaded = true;
    const data = event.data;
    const found = data instanceof Uint8Array ? String.fromCharCode(...data.subarray(0, head.length)) : "";
    if (found === head) return;
    event.stopImmediatePropagation();
    if (found.length === head.length && found.startsWith(mark)) tell("other build", found.slice(mark.length));
    else tell("foreign", `not one of ours (${Object.prototype.toString.call(data)})`);
  };
  const onUnreadable = () => tell("foreign", "the browser could not read it");

  function Spawn(given, options) {
    if (given !== url || worker) return new Real(given, options);
    const early = takeEarly(given);
    try {
      worker = early?.worker ?? new Real(trusted(given), options);
    } catch (error) {
      worker = Nobody();
      refuseLater("blocked", `the browser refused to start ${target}: ${error?.message ?? error}`);
      return worker;
    }
    worker.addEventListener("error", onError);
    worker.addEventListener("message", onMessage);
    worker.addEventListener("messageerror", onUnreadable);
    // yew-agent listens as soon as it has the worker; nothing that is sent later comes before these.
    queueMicrotask(() => {
      for (const data of early?.messages ?? []) worker.dispatchEvent(new MessageEvent("message", { data }));
    });
    return worker;
  }

  if (typeof Real === "function") {
    Spawn.prototype = Real.prototype;
  } else {
    refuseLater("blocked", "this browser has no web workers");
  }
  globalThis.Worker = typeof Real === "function" ? Spawn : Nobody;

  return {
    restore() {
      globalThis.Worker = Real;
    },
    // Ends the worker whatever it is doing; its lock, socket and database become free.
    terminate() {
      live = false;
      document.removeEventListener("securitypolicyviolation", onViolation);
      if (!worker) return;
      worker.terminate();
      // Lets go of yew-agent's listener, which holds the worker, which holds the listener.
      worker.onmessage = null;
    },
  };
}

// Why a script did not load, in words.
async function explain(url) {
  let answer;
  try {
    answer = await fetch(url, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(1500) });
  } catch (error) {
    return `${url} cannot be reached (${error?.message ?? error})`;
  }
  if (!answer.ok) return `${url} is not there (status ${answer.status})`;
  const type = answer.headers.get("content-type") ?? "no content type";
  if (!/(java|ecma)script/.test(type)) return `${url} is served as ${type}, not as JavaScript: the file may be missing`;
  return `${url} is there, but it or a file it imports could not be loaded`;
}
