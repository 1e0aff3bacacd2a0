// A ballot as it is filled in, and the usual one: a single choice. Other polls load theirs, which
// are in ballot_kinds.ts.

import { html } from "lit";
import { live } from "lit/directives/live.js";
import type { Poll } from "../protocol";

/** What one chose or wrote; `choices` are ids of options, in order or as often as they count. */
export interface Filled {
  choices: string[];
  texts: string[];
}

const EMPTY: Filled = { choices: [], texts: [] };

/** Changes the ballot as it is by now: fingers are quicker than what is drawn. */
export type Change = (made: (now: Filled) => Filled) => void;

/** A ballot as it is shown first: a ranking begins in the order of the poll. */
export function begun({ type, options }: Poll): Filled {
  return type === "ranking" ? { choices: options.map(({ id }) => id), texts: [] } : EMPTY;
}

/** Whether it can be sent. */
export function complete({ type, max_choices }: Poll, { choices, texts }: Filled): boolean {
  if (type === "words" || type === "text") return texts.some((text) => text.trim());
  return choices.length > 0 && (type !== "multiple" || choices.length <= max_choices);
}

/** What is sent of it. */
export function written({ choices, texts }: Filled): Filled {
  return { choices, texts: texts.map((text) => text.trim()).filter(Boolean) };
}

/** One choice, filled in with a finger, a keyboard or a screen reader. */
export function one({ id: poll, type, prompt, options }: Poll, { choices }: Filled, change: Change) {
  return html`<fieldset class="ballot ${type === "rating" ? "scale" : ""}">
    <legend class="visually-hidden">${prompt}</legend>
    ${options.map(
      ({ id, text }) =>
        html`<label class="option">
          <input
            type="radio"
            name="ballot-${poll}"
            value=${id}
            .checked=${live(id === choices[0])}
            @change=${() => change(() => ({ choices: [id], texts: [] }))}
          />
          <span>${text}</span>
        </label>`,
    )}
  </fieldset>`;
}
