// A button that does one thing to one item, in the crew's lists; it keeps the focus meanwhile.

import { html, nothing } from "lit";

export interface Doing<T> {
  busy: ReadonlySet<string>; // ids with a request under way
  act: (item: T, verb: string, body?: object) => void;
}

export function button<T extends { id: string }>(
  text: unknown,
  kind: string,
  item: T,
  { busy, act }: Doing<T>,
  verb: string,
  body?: object,
) {
  return html`<button
    class=${kind}
    aria-disabled=${busy.has(item.id) ? "true" : nothing}
    @click=${() => act(item, verb, body)}
  >
    ${text}
  </button>`;
}
