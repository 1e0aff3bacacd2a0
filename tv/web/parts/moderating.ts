// What a moderator is told of a question beside its words: who reads it, what is near, its turn.

import { html, nothing } from "lit";
import { count, seconds } from "../french";
import type { Question, Reading } from "../protocol";
import { button, type Doing } from "./button";
import { typeset } from "./text";

export const FLAGS: Record<string, string> = {
  personal: "Coordonnées personnelles\u202f?",
  words: "Propos à vérifier",
};

/** Those who read it, what to look at twice, and what asks nearly the same. */
export function notices(
  question: Question,
  all: Map<string, Question>,
  reading: Reading | undefined,
  now: number,
  desk: Doing<Question>,
) {
  const read = reading && (seconds(reading.until) ?? 0) > now;
  const near = nearTo(question, all);
  return html`
    ${read ? html`<p class="note reading">Relu par ${reading.name || "quelqu’un d’autre"}</p>` : nothing}
    ${(question.flags ?? []).map((flag) => html`<p class="note flag">${FLAGS[flag] ?? flag}</p>`)}
    ${question.original ? html`<p class="note">Texte d’origine\u00a0: ${question.original}</p>` : nothing}
    ${near.map(
      (other) =>
        html`<div class="near">
          <p class="note">Proche de\u00a0: ${typeset(other.body)}</p>
          ${button(
            `Fusionner (${count(other.support, "soutien", "soutiens")})`,
            "link",
            question,
            desk,
            "merge",
            { into: other.id },
          )}
        </div>`,
    )}
  `;
}

/** The one that asks nearly the same, if any does: the nearest. */
export function nearest(question: Question, all: Map<string, Question>): Question | undefined {
  return nearTo(question, all)[0];
}

function nearTo({ near = [] }: Question, all: Map<string, Question>): Question[] {
  return near
    .flatMap((id) => all.get(id) ?? [])
    .filter(({ state }) => ["pending", "approved", "live"].includes(state));
}

/** Its turn, and what support waits to be counted. */
export function turn(question: Question, desk: Doing<Question>) {
  const { queue, support_aside: aside } = question;
  const act = (text: string, verb: string) => button(text, "quiet", question, desk, verb);
  return html`
    ${
      queue && queue > 1
        ? html`<button
            class="quiet"
            aria-label="Avancer d’un rang"
            aria-disabled=${desk.busy.has(question.id) ? "true" : nothing}
            @click=${() => desk.act(question, "queue", { position: queue - 1 })}
          >
            ↑
          </button>`
        : nothing
    }
    ${queue ? act("Retirer de la file", "unqueue") : act("Mettre en file", "queue")}
    ${aside ? act(asideOf(aside), "accept_support") : nothing}
  `;
}

/** The label of the button that counts the support of a burst. */
export function asideOf(support: number): string {
  return `Compter ${count(support, "soutien mis de côté", "soutiens mis de côté")}`;
}

/** Those to come first, in their order; the others as they are. */
export function queued(questions: Question[]): Question[] {
  const place = ({ queue }: Question) => queue ?? Infinity;
  return [...questions].sort((a, b) => {
    const [one, other] = [place(a), place(b)];
    return one === other ? 0 : one - other;
  });
}

/** The reason for which an idea without other doubts must be read first. */
export function elsewhere({ proved }: { proved?: boolean }) {
  return proved === false ? html`<p class="note flag">Écrite sans le code de la table</p>` : nothing;
}
