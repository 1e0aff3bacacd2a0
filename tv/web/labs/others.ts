// What other tables made of their ideas, and shared with a laboratory.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { seconds } from "../french";
import type { Lab, Synthesis } from "../lab_items";
import { alertButton } from "../parts/alert";
import { labName, labOf, labSign, tableNumber } from "../parts/lab_sign";
import { paragraphs } from "../parts/syntheses";
import { typeset } from "../parts/text";
import { variable } from "../parts/variable";

const OPENING = 220; // characters of a text that show before one asks for all of it

/** Those that a laboratory may see, the newest first. */
export function sharedWith(lab: string, syntheses: Synthesis[]): Synthesis[] {
  return syntheses
    .filter(({ state, labs, lab: of }) => {
      return state === "shared" && (!labs.length || labs.includes(lab) || of === lab);
    })
    .sort((a, b) => (seconds(b.shared_at) ?? 0) - (seconds(a.shared_at) ?? 0));
}

export function others(syntheses: Synthesis[], labs: Lab[]) {
  return html`<ul class="shared-list">
    ${repeat(
      syntheses,
      ({ id }) => id,
      (synthesis) => html`<li>${one(synthesis, labs)}</li>`,
    )}
  </ul>`;
}

function one(synthesis: Synthesis, labs: Lab[]) {
  const { title, body, open, id } = synthesis;
  const lab = labOf(labs, synthesis.lab);
  return html`<article class="shared-one" ${variable("--lab", lab?.colour ?? "var(--line-strong)")}>
    <p class="eyebrow">
      ${labSign(lab)}<span>${labName(labs, synthesis.lab)}</span><span class="dot"></span>
      <span>table ${tableNumber(synthesis.table)}</span>
    </p>
    <h3>${typeset(title)}</h3>
    ${
      body.length <= OPENING
        ? paragraphs(body)
        : html`<details>
            <summary>Lire la synthèse</summary>
            ${paragraphs(body)}
          </details>`
    }
    <p class="meta">
      ${open ? html`<a href="/idees#${id}">Sur la page des idées</a>` : nothing}
      ${alertButton({ about: "synthesis", id, text: title })}
    </p>
  </article>`;
}
