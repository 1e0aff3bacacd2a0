// The control room's cards: a question to read, a question published, the one that is answered.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ago, count, hour, reason, seconds, stopwatch } from "../french";
import type { Question, Reading } from "../protocol";
import { button, type Doing } from "./button";
import { asker } from "./byline";
import { notices, turn } from "./moderating";
import type { Picking } from "./picking";
import { quotation, typeset } from "./text";

export interface Desk extends Doing<Question> {
  now: number;
  all: Map<string, Question>;
  readings: Map<string, Reading>; // by question, those of others
  mayTake: boolean; // put on air
  send?: ((question: Question) => void) | undefined; // to laboratories, where there are any
}

export function pending(
  items: Question[],
  desk: Desk,
  picking: Picking<Question>,
  refuse: (question: Question) => void,
) {
  if (!items.length) return html`<p class="empty">Tout est relu.</p>`;
  return html`<ul class="cards">
    ${repeat(
      items,
      ({ id }) => id,
      (question) =>
        html`<li
          class="card"
          tabindex="0"
          data-id=${question.id}
          aria-label="Question à relire"
          aria-keyshortcuts="a r m f x d b"
        >
          ${picking.box(question)}
          <p class="question-body">${typeset(question.body)}</p>
          ${quotation(question.anchor)}
          ${notices(question, desk.all, desk.readings.get(question.id), desk.now, desk)}
          <p class="meta">${from(question)}<span class="dot"></span>${ago(question.asked_at, desk.now)}</p>
          <div class="acts">
            ${button("Publier", "primary", question, desk, "approve")}
            <button
              class="quiet"
              aria-disabled=${desk.busy.has(question.id) ? "true" : nothing}
              @click=${() => refuse(question)}
            >
              Refuser…
            </button>
          </div>
          ${picking.sender(question)}
        </li>`,
    )}
  </ul>`;
}

/** Those published that wait for their answer. */
export function line(items: Question[], desk: Desk) {
  if (!items.length) return html`<p class="empty">Aucune question publiée n’attend.</p>`;
  return html`<ul class="cards">
    ${repeat(
      items,
      ({ id }) => id,
      (question) =>
        html`<li
          class="card ${question.queue ? "queued" : ""}"
          tabindex="0"
          data-id=${question.id}
          aria-label="Question publiée"
          aria-keyshortcuts=${desk.mayTake ? "t f r" : "f r"}
        >
          <p class="question-body">${typeset(question.body)}</p>
          ${quotation(question.anchor)}
          <p class="meta">
            ${question.queue ? html`<strong class="rank">${question.queue}</strong>` : nothing}
            <strong>${count(question.support, "soutien", "soutiens")}</strong>
            <span class="dot"></span>${from(question)}
            <span class="dot"></span>${ago(question.asked_at, desk.now)}
          </p>
          <div class="acts">
            ${desk.mayTake ? button("À l’antenne", "primary soft", question, desk, "take") : nothing}
            ${turn(question, desk)} ${toLab(question, desk)}
            ${button("Dépublier", "link", question, desk, "reject", { reason: "other" })}
          </div>
        </li>`,
    )}
  </ul>`;
}

/** The one that is on air, and since when. */
export function answered(question: Question | undefined, desk: Desk) {
  if (!question) return html`<p class="empty">Aucune question à l’antenne.</p>`;
  const since = desk.now - (seconds(question.taken_at) ?? desk.now);
  return html`<div
    class="card on-air"
    tabindex="0"
    role="group"
    data-id=${question.id}
    aria-label="Question à l’antenne"
    aria-keyshortcuts="e r"
  >
    <p class="on-air-label">
      <span class="tally"></span>À l’antenne depuis ${hour(question.taken_at)}
      <span class="on-air-time" aria-hidden="true">${stopwatch(since)}</span>
    </p>
    <p class="question-body">${typeset(question.body)}</p>
    ${quotation(question.anchor)}
    <p class="meta">${from(question)}</p>
    <div class="acts">
      ${button("Réponse donnée", "primary", question, desk, "answer")}
      ${button("Retirer de l’antenne", "quiet", question, desk, "release")} ${toLab(question, desk)}
    </div>
  </div>`;
}

/** What has become of the others. */
export function settled(items: Question[], desk: Desk) {
  if (!items.length) return nothing;
  return html`<details class="past">
    <summary>${count(items.length, "question traitée", "questions traitées")}</summary>
    <ul class="cards">
      ${repeat(
        items,
        ({ id }) => id,
        (question) =>
          html`<li class="card settled" data-id=${question.id}>
            <p class="question-body">${typeset(question.body)}</p>
            <p class="meta">
              <span class="state ${question.state}">${fate(question)}</span>
              ${
                question.state === "withdrawn"
                  ? nothing
                  : button("Remettre dans les publiées", "link", question, desk, "restore")
              }
            </p>
          </li>`,
      )}
    </ul>
  </details>`;
}

function from(question: Question) {
  const { author, from_room } = question;
  return from_room && !author ? "De la salle" : asker(question);
}

function toLab(question: Question, { send }: Desk) {
  return send
    ? html`<button class="link" @click=${() => send(question)}>Envoyer au labo</button>`
    : nothing;
}

function fate({ state, reason: code, answered_at }: Question): string {
  if (state === "answered") return `Réponse donnée à ${hour(answered_at)}`;
  if (state === "rejected") return code ? `Refusée\u00a0: ${reason(code)}` : "Refusée";
  return state === "merged" ? "Regroupée" : "Retirée par son auteur";
}
