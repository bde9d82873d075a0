// What messages say, and under which ids it took effect: once, however often it was sent.

/** Adds chat texts by id to the ids under which each arrived. */
export function noteTexts(texts: Map<string, Set<string>>, byId: Map<string, string>): void {
  for (const [id, text] of byId) texts.set(text, (texts.get(text) ?? new Set()).add(id));
}

/** What took effect under more than one id. */
export function repeatedTexts(texts: Map<string, Set<string>>): string[] {
  return [...texts].filter(([, ids]) => ids.size > 1).map(([text, ids]) => `${text}: ${[...ids].join(', ')}`);
}
