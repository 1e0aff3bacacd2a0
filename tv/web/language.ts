// What pages say, in the language of the page: French is written in the code, and another language
// brings its catalogue (tv/languages), as a script of its own before the page's.

declare global {
  var catalogue: Record<string, string> | undefined;
}

const catalogue = globalThis.catalogue ?? {};

export const language = document.documentElement.lang || "fr";

const plural = new Intl.PluralRules(language);

/** `text` in the language of the page; `{name}` stands for what `values` has by that name. */
export function t(text: string, values?: Record<string, string | number>): string {
  const said = catalogue[text] || text;
  return values ? said.replace(/\{(\w+)\}/g, (_, name) => String(values[name])) : said;
}

/** The same for templates, as pieces: what stands in it may be markup. */
export function tt(text: string, values: Record<string, unknown>): unknown[] {
  const pieces = t(text).split(/\{(\w+)\}/);
  return pieces.map((piece, rank) => (rank % 2 ? values[piece] : piece));
}

/** `one` or `many`, as `n` wants it: in French, 0 is singular. */
export function either(n: number, one: string, many: string): string {
  return t(plural.select(Math.abs(n)) === "one" ? one : many);
}
