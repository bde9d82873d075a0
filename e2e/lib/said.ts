// What messages say, and under which ids it took effect: once, however often it was sent.

/** Adds what was said, by id, to the ids under which it was. */
export function noteSaid(said: Map<string, Set<string>>, byId: Map<string, string>): void {
  for (const [id, text] of byId) said.set(text, (said.get(text) ?? new Set()).add(id));
}

/** What took effect under more than one id. */
export function saidTwice(said: Map<string, Set<string>>): string[] {
  return [...said].filter(([, ids]) => ids.size > 1).map(([text, ids]) => `${text}: ${[...ids].join(', ')}`);
}
