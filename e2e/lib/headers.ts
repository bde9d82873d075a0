// Reads a `_headers` file as Netlify and Cloudflare Pages do: a line that starts with a path is a pattern, the indented
// lines below it are headers; every rule that fits a request's path counts, and values of one header are joined.

interface Rule {
  pattern: RegExp;
  headers: [string, string][];
}

export class HeaderRules {
  private constructor(private rules: Rule[]) {}

  /** Throws on a line that a host would pass over in silence. */
  static parse(text: string): HeaderRules {
    const rules: Rule[] = [];
    for (const [at, line] of text.split('\n').entries()) {
      const wrong = (why: string) => new Error(`_headers:${at + 1}: ${why}: ${line}`);
      if (!line.trim() || line.trim().startsWith('#')) continue;
      if (!/^\s/.test(line)) {
        if (!line.startsWith('/')) throw wrong('a pattern starts with a slash');
        rules.push({ pattern: pattern(line.trim()), headers: [] });
        continue;
      }
      const header = /^\s+([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(\S.*?)\s*$/.exec(line);
      if (!header) throw wrong('neither a pattern nor a header');
      if (!rules.length) throw wrong('a header ahead of the first pattern');
      rules.at(-1)!.headers.push([header[1]!.toLowerCase(), header[2]!]);
    }
    return new HeaderRules(rules);
  }

  /** What a request for this path is answered with; names in lower case. */
  of(path: string): Record<string, string> {
    const set: Record<string, string> = {};
    for (const { headers } of this.rules.filter((rule) => rule.pattern.test(path))) {
      for (const [name, value] of headers) set[name] = name in set ? `${set[name]}, ${value}` : value;
    }
    return set;
  }
}

/** `*` is anything, `:name` is one segment, everything else is itself. */
function pattern(text: string): RegExp {
  const source = text.replace(/\*|:[A-Za-z]\w*|[\\^$.+?()[\]{}|]/g, (found) => {
    if (found === '*') return '.*';
    return found.startsWith(':') ? '[^/]+' : `\\${found}`;
  });
  return new RegExp(`^${source}$`);
}
