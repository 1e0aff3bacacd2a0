// The question to answer, readable from two metres, with the one thing to press; and what follows.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import * as clock from "../clock";
import { count, quoted, seconds } from "../french";
import type { Question } from "../protocol";
import { typeset } from "./text";

const NEXT = 3; // questions shown after the one that is next
const LONG = 140; // characters; beyond, it is set smaller
const LONGER = 280;

export interface PromptActs {
  resting: boolean; // something was just pressed: what trembles presses twice
  act(question: Question, verb: "take" | "answer" | "release"): void;
  putOff(question: Question): void;
  first(question: Question): void; // it comes next
}

export function questionPrompt(question: Question | undefined, acts: PromptActs) {
  if (!question) {
    return html`<div class="prompt empty-prompt">
      <p>Pas de question pour l’instant.</p>
      <small>Les questions relues par la régie s’afficheront ici.</small>
    </div>`;
  }
  const answering = question.state === "live";
  const quote = question.anchor?.quote;
  const { length } = question.body;
  const size = length > LONGER ? "long longer" : length > LONG ? "long" : "";
  return html`<div class="prompt ${answering ? "answering" : ""}">
    <p class="eyebrow">
      ${
        answering
          ? html`<span class="tally"></span>Réponse en cours`
          : "Question suivante"
      }
      <span aria-live="off">${answering ? since(question) : backed(question)}</span>
    </p>
    ${quote ? html`<blockquote><span>À propos de</span> ${quoted(quote)}</blockquote>` : nothing}
    <p class="prompt-body ${size}">${typeset(question.body)}</p>
    <div class="acts" aria-live="off">
      <button
        class="primary huge"
        aria-disabled=${acts.resting ? "true" : nothing}
        @click=${() => acts.act(question, answering ? "answer" : "take")}
      >
        ${answering ? "Réponse donnée" : "Je réponds"}
      </button>
      <button
        class="quiet huge"
        aria-disabled=${acts.resting ? "true" : nothing}
        @click=${() => (answering ? acts.act(question, "release") : acts.putOff(question))}
      >
        Plus tard
      </button>
    </div>
  </div>`;
}

/** By the minute: nothing moves under the eyes of who answers. */
function since({ taken_at }: Question) {
  const minutes = Math.floor((clock.now() - (seconds(taken_at) ?? clock.now())) / 60);
  return minutes > 0 ? html`<span class="dot"></span>depuis ${minutes}\u00a0min` : nothing;
}

function backed({ support }: Question) {
  if (!support) return nothing;
  return html`<span class="dot"></span>${count(support, "soutien", "soutiens")}`;
}

/** Any of them can be chosen to come next, as long as nothing is being answered or told. */
export function upcoming(rest: Question[], title: string, free: boolean, acts: PromptActs) {
  if (!rest.length) return nothing;
  return html`<h2>${title}</h2>
    <ol class="upcoming">
      ${repeat(
        rest.slice(0, NEXT),
        ({ id }) => id,
        (question) =>
          html`<li>
            <p>${typeset(question.body)}</p>
            <p class="meta">
              <span>
                ${question.support ? count(question.support, "soutien", "soutiens") : nothing}
              </span>
              ${
                free
                  ? html`<button
                      class="link"
                      aria-label="Passer à\u00a0: ${question.body}"
                      @click=${() => acts.first(question)}
                    >
                      Passer à celle-ci
                    </button>`
                  : nothing
              }
            </p>
          </li>`,
      )}
    </ol>
    ${
      rest.length > NEXT
        ? html`<p class="note">
            et ${count(rest.length - NEXT, "autre question", "autres questions")}
          </p>`
        : nothing
    }`;
}
