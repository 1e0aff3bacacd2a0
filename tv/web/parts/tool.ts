// A button of a player that is a sign alone, with the name that it has for who does not see it.

import { html, nothing } from "lit";

interface More {
  pressed?: boolean;
  title?: string; // where it says more than the name
  kind?: string; // for the stylesheet
  off?: boolean;
}

export function tool(label: string, sign: unknown, act: () => void, more: More = {}) {
  const { pressed, title = label, kind = "", off = false } = more;
  return html`<button
    class="tool ${kind}"
    aria-label=${label}
    title=${title}
    aria-pressed=${pressed ?? nothing}
    ?disabled=${off}
    @click=${act}
  >
    ${sign}
  </button>`;
}
