// Web Locks, which web-sys has behind an unstable flag only.

// Holds the lock `name` and answers with the function that gives it back; `undefined` when another tab kept
// it for `patience` ms; `null` where there are no locks.
export async function hold(name, patience) {
  const locks = globalThis.navigator?.locks;
  if (!locks) return null;
  return new Promise((answer) => {
    locks
      .request(name, { signal: AbortSignal.timeout(patience) }, () => new Promise((release) => answer(release)))
      .catch(() => answer(undefined));
  });
}
