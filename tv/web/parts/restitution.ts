// A restitution: the laboratories' syntheses, told one by one by who presents.

import { html, nothing } from "lit";
import * as clock from "../clock";
import { count } from "../french";
import type { Lab, Synthesis } from "../lab_items";
import type { Talk } from "../protocol";
import { tableNumber } from "./lab_sign";
import { from, paragraphs } from "./syntheses";
import { typeset } from "./text";

const NEXT = 5; // syntheses shown after the one that is next

/** What can be told in a talk. */
export interface Telling {
  on: Synthesis | undefined; // what is told now
  next: Synthesis[]; // in order
  told: number; // how many were
}

/**
 * What is shared with the laboratory of the talk, or with all: along the journey, then by table;
 * `later` has those that were put off, and when.
 */
export function telling(
  shared: Synthesis[],
  talk: Talk,
  labs: Lab[],
  later: Map<string, number>,
): Telling {
  const here = shared.filter(({ state, lab }) => state === "shared" && (!talk.lab || lab === talk.lab));
  const ours = ({ airings }: Synthesis) => airings.filter((airing) => airing.talk === talk.id);
  const on = here.find((synthesis) => ours(synthesis).some(({ end }) => end == null));
  const step = ({ lab }: Synthesis) => labs.findIndex(({ id }) => id === lab);
  const number = ({ table }: Synthesis) => Number(tableNumber(table));
  return {
    on,
    next: here
      .filter((synthesis) => !ours(synthesis).length)
      .sort(
        (a, b) =>
          (later.get(a.id) ?? 0) - (later.get(b.id) ?? 0) ||
          step(a) - step(b) ||
          number(a) - number(b),
      ),
    told: here.filter((synthesis) => synthesis !== on && ours(synthesis).length).length,
  };
}

export interface TellingActs {
  resting: boolean; // something was just pressed: what trembles presses twice
  act(synthesis: Synthesis, verb: "take" | "told"): void;
  putOff(synthesis: Synthesis): void;
  first(synthesis: Synthesis): void; // it comes next
}

/** What to tell, or what is told now; nothing when there is nothing (more). */
export function synthesisPrompt({ on, next }: Telling, labs: Lab[], acts: TellingActs) {
  const shown = on ?? next[0];
  if (!shown) return nothing;
  const minutes = Math.floor((clock.now() - (on?.airings.at(-1)?.start ?? clock.now())) / 60);
  return html`<div class="prompt of-synthesis ${on ? "answering" : ""}">
    <p class="eyebrow">
      ${
        on
          ? html`<span class="tally"></span>Présentée en ce moment`
          : "Synthèse suivante"
      }
      <span aria-live="off">
        ${minutes > 0 ? html`<span class="dot"></span>depuis ${minutes}\u00a0min` : nothing}
      </span>
    </p>
    ${from(shown, labs)}
    <p class="prompt-body">${typeset(shown.title)}</p>
    <div class="prompt-text">${paragraphs(shown.body)}</div>
    <p class="note" aria-live="off">
      ${count(shown.ideas.length, "idée d’origine", "idées d’origine")}<span class="dot"></span
      >${count(shown.support, "soutien", "soutiens")}${
        shown.author ? html`<span class="dot"></span>écrite par ${shown.author}` : nothing
      }
    </p>
    <div class="acts" aria-live="off">
      <button
        class="primary huge"
        aria-disabled=${acts.resting ? "true" : nothing}
        @click=${() => acts.act(shown, on ? "told" : "take")}
      >
        ${on ? "Présentée" : "Je présente"}
      </button>
      ${
        on
          ? nothing
          : html`<button
              class="quiet huge"
              aria-disabled=${acts.resting ? "true" : nothing}
              @click=${() => acts.putOff(shown)}
            >
              Plus tard
            </button>`
      }
    </div>
  </div>`;
}

/** What comes after it, if it is `shown`; while one is `free`, any can be chosen to come next. */
export function nextSyntheses(
  { on, next, told }: Telling,
  labs: Lab[],
  acts: TellingActs,
  shown: boolean,
  free: boolean,
) {
  const rest = on || !shown ? next : next.slice(1);
  return html`${
      rest.length
        ? html`<h2>Ensuite</h2>
            <ol class="upcoming">
              ${rest.slice(0, NEXT).map(
                (synthesis) =>
                  html`<li>
                    ${from(synthesis, labs)}
                    <p>${typeset(synthesis.title)}</p>
                    ${
                      !free
                        ? nothing
                        : html`<button
                            class="link"
                            aria-label="Passer à\u00a0: ${synthesis.title}"
                            @click=${() => acts.first(synthesis)}
                          >
                            Passer à celle-ci
                          </button>`
                    }
                  </li>`,
              )}
            </ol>
            ${
              rest.length > NEXT
                ? html`<p class="note">
                    et ${count(rest.length - NEXT, "autre synthèse", "autres synthèses")}
                  </p>`
                : nothing
            }`
        : nothing
    }
    ${
      told
        ? html`<p class="note">${count(told, "synthèse présentée", "synthèses présentées")}</p>`
        : nothing
    }`;
}
