// What was accepted, by the records of a store: a JSON object each.

export class Records {
  /** `read`: every record that there is by now, in order. */
  constructor(private read: () => Promise<string[]>) {}

  /** How often each id was accepted. */
  async acceptedEver(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const { id } of await this.accepted()) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }

  /** What the lab's messages say, each of them something else, by id. */
  async chatTexts(): Promise<Map<string, string>> {
    const chat = (await this.accepted()).filter(({ text }) => text);
    return new Map(chat.map(({ id, text }) => [id, text!]));
  }

  private async accepted(): Promise<{ id: string; text?: string }[]> {
    return (await this.read()).flatMap((record) => {
      const id = record && (JSON.parse(record) as { accepted?: { id: string } }).accepted?.id;
      return id ? [{ id, text: /"content":"(lab \d+ of [\d-]+)/.exec(record)?.[1] }] : [];
    });
  }
}
