// What a moderator is told of a question beside its words: who reads it, what is near, its turn.

import { html, nothing } from "lit";
import { count, seconds } from "../french";
import type { Question, Reading } from "../protocol";
import type { ActOn } from "./desk";
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
  act: ActOn,
) {
  const read = reading && (seconds(reading.until) ?? 0) > now;
  const near = (question.near ?? [])
    .map((id) => all.get(id))
    .filter((other) => other && ["pending", "approved", "live"].includes(other.state));
  return html`
    ${read ? html`<p class="note reading">Relu par ${reading.name || "quelqu’un d’autre"}</p>` : nothing}
    ${(question.flags ?? []).map((flag) => html`<p class="note flag">${FLAGS[flag] ?? flag}</p>`)}
    ${question.original ? html`<p class="note">Texte d’origine\u202f: ${question.original}</p>` : nothing}
    ${near.map(
      (other) =>
        other &&
        html`<div class="near">
          <p class="note">Proche de\u202f: ${typeset(other.body)}</p>
          <button class="link" @click=${() => act(question, "merge", { into: other.id })}>
            Fusionner (${count(other.support, "soutien", "soutiens")})
          </button>
        </div>`,
    )}
  `;
}

/** Its turn, and what support waits to be counted. */
export function turn(question: Question, act: ActOn) {
  const { queue, support_aside: aside } = question;
  return html`
    ${
      queue
        ? html`${
              queue > 1
                ? html`<button
                    class="quiet"
                    aria-label="Avancer d’un rang"
                    @click=${() => act(question, "queue", { position: queue - 1 })}
                  >
                    ↑
                  </button>`
                : nothing
            }
            <button class="quiet" @click=${() => act(question, "unqueue")}>
              Retirer de la file (n°\u00a0${queue})
            </button>`
        : html`<button class="quiet" @click=${() => act(question, "queue")}>Mettre en file</button>`
    }
    ${
      aside
        ? html`<button class="quiet" @click=${() => act(question, "accept_support")}>
            Compter ${count(aside, "soutien mis de côté", "soutiens mis de côté")}
          </button>`
        : nothing
    }
  `;
}

/** Those to come first, in their order; the others as they are. */
export function queued(questions: Question[]): Question[] {
  const place = ({ queue }: Question) => queue ?? Infinity;
  return [...questions].sort((a, b) => {
    const [one, other] = [place(a), place(b)];
    return one === other ? 0 : one - other;
  });
}

/** « Question de la salle »: asked aloud, written down here, on air at once. */
export function fromRoom(send: (body: string) => Promise<boolean>) {
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const body = String(new FormData(form).get("body") ?? "").trim();
    if (body && (await send(body))) form.reset();
  };
  return html`<form class="from-room" @submit=${submit}>
    <label class="visually-hidden" for="room-question">Question de la salle</label>
    <input
      id="room-question"
      name="body"
      maxlength="500"
      autocomplete="off"
      placeholder="Question de la salle, à l’antenne aussitôt"
    />
    <button class="quiet">Envoyer à l’antenne</button>
  </form>`;
}
