// The control room's cards: a question to read, a question published.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ago, count, hour, reason } from "../french";
import type { Question, Reading } from "../protocol";
import { button, type Doing } from "./button";
import { notices, turn } from "./moderating";
import { quotation, typeset } from "./text";

interface Desk extends Doing<Question> {
  now: number;
  all: Map<string, Question>;
  readings: Map<string, Reading>; // by question, those of others
  send?: ((question: Question) => void) | undefined; // to laboratories, where there are any
}

export function pending(items: Question[], desk: Desk, refuse: (question: Question) => void) {
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
          aria-keyshortcuts="a r"
        >
          <p class="question-body">${typeset(question.body)}</p>
          ${quotation(question.anchor)}
          ${notices(question, desk.all, desk.readings.get(question.id), desk.now, desk)}
          <p class="meta">
            ${question.author || "Participant"}<span class="dot"></span
            >${ago(question.asked_at, desk.now)}
          </p>
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
        </li>`,
    )}
  </ul>`;
}

export function line(items: Question[], desk: Desk, mayTake: boolean) {
  const live = items.filter(({ state }) => state === "live");
  const next = items.filter(({ state }) => state === "approved");
  const past = items.filter(({ state }) => state !== "live" && state !== "approved");
  return html`
    ${live.map(
      (question) =>
        html`<div class="card on-air">
          <p class="on-air-label">
            <span class="tally"></span>À l’antenne depuis ${hour(question.taken_at)}
          </p>
          <p class="question-body">${typeset(question.body)}</p>
          ${quotation(question.anchor)}
          <div class="acts">
            ${button("Réponse donnée", "primary", question, desk, "answer")}
            ${button("Retirer de l’antenne", "quiet", question, desk, "release")}
            ${toLab(question, desk)}
          </div>
        </div>`,
    )}
    ${
      next.length || live.length
        ? html`<ul class="cards">
            ${repeat(
              next,
              ({ id }) => id,
              (question) =>
                html`<li class="card" data-id=${question.id}>
                  <p class="question-body">${typeset(question.body)}</p>
                  ${quotation(question.anchor)}
                  <p class="meta">
                    <strong>${count(question.support, "soutien", "soutiens")}</strong>
                    <span class="dot"></span>${question.author || "Participant"}
                    <span class="dot"></span>${ago(question.asked_at, desk.now)}
                  </p>
                  <div class="acts">
                    ${
                      mayTake
                        ? button("À l’antenne", "primary soft", question, desk, "take")
                        : nothing
                    }
                    ${turn(question, desk)} ${toLab(question, desk)}
                    ${button("Dépublier", "link", question, desk, "reject", { reason: "other" })}
                  </div>
                </li>`,
            )}
          </ul>`
        : html`<p class="empty">Aucune question publiée.</p>`
    }
    ${
      past.length
        ? html`<details class="past">
            <summary>${count(past.length, "question traitée", "questions traitées")}</summary>
            <ul class="cards">
              ${repeat(
                past,
                ({ id }) => id,
                (question) =>
                  html`<li class="card settled">
                    <p class="question-body">${typeset(question.body)}</p>
                    <p class="meta">
                      <span class="state ${question.state}">${settled(question)}</span>
                      ${
                        question.state === "withdrawn"
                          ? nothing
                          : button("Remettre dans les publiées", "link", question, desk, "restore")
                      }
                    </p>
                  </li>`,
              )}
            </ul>
          </details>`
        : nothing
    }
  `;
}

function toLab(question: Question, { send }: Desk) {
  return send
    ? html`<button class="link" @click=${() => send(question)}>Envoyer au labo</button>`
    : nothing;
}

function settled({ state, reason: code, answered_at }: Question): string {
  if (state === "answered") return `Réponse donnée à ${hour(answered_at)}`;
  if (state === "rejected") return code ? `Refusée : ${reason(code)}` : "Refusée";
  return state === "merged" ? "Regroupée" : "Retirée par son auteur";
}
