// « Mode lent »: how often each participant may ask in a talk.

import { html, nothing } from "lit";
import type { Talk } from "../protocol";
import type { Requests } from "../requests";

const CHOICES: [number, string][] = [
  [0, "non"],
  [30, "30\u00a0s"],
  [60, "1\u00a0min"],
  [120, "2\u00a0min"],
  [300, "5\u00a0min"],
];

export function slowMode(talk: Talk | undefined, requests: Requests) {
  if (!talk) return nothing;
  const set = (event: Event) => {
    const slow = Number((event.target as HTMLSelectElement).value);
    void requests.send(`slow:${talk.id}`, "POST", `/api/v1/talks/${talk.id}:slow`, { slow });
  };
  return html`<label class="slow-mode ${talk.slow ? "on" : ""}">
    <span>Mode lent</span>
    <select @change=${set} title="Une question par personne en ce temps">
      ${CHOICES.map(
        ([seconds, text]) =>
          html`<option value=${seconds} .selected=${seconds === talk.slow}>${text}</option>`,
      )}
    </select>
  </label>`;
}
