// The audience's questions: what is published, what I asked, what I support.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ago, count, fate, seconds } from "../french";
import { t } from "../language";
import type { Question } from "../protocol";
import { alertButton } from "./alert";
import * as icons from "./icons";
import { quotation, typeset } from "./text";

export type Order = "support" | "recent";

const ORDERS: [Order, string][] = [
  ["support", t("Les plus soutenues")],
  ["recent", t("Les plus récentes")],
];

export function ordered(questions: Question[], order: Order): Question[] {
  const asked = (question: Question) => seconds(question.asked_at) ?? 0;
  return [...questions].sort((a, b) =>
    order === "support"
      ? b.support - a.support || asked(a) - asked(b)
      : asked(b) - asked(a) || b.support - a.support,
  );
}

export interface Asked {
  questions: Question[]; // what everyone sees
  waiting: Question[]; // those of them that wait for their answer, in the order in which they show
  mine: Question[];
  unsent: { key: string; body: string }[];
  supports: Set<string>;
  order: Order;
  more: () => typeof import("./answered") | null; // what some of them need, once it is there
  known?: boolean; // false while none is not the same as not knowing
  now: number;
}

export interface Acts {
  support(question: Question, on: boolean): void;
  withdraw(question: Question): void;
  sort(order: Order): void;
}

export function questions(asked: Asked, acts: Acts) {
  const { waiting } = asked;
  const live = asked.questions.filter(({ state }) => state === "live");
  const answered = asked.questions.filter(({ state }) => state === "answered");
  return html`
    ${live.map(
      (question) =>
        html`<div class="on-air" data-id=${question.id}>
          <p class="on-air-label"><span class="tally"></span>${t("Réponse en cours")}</p>
          <p class="question-body">${typeset(question.body)}</p>
          ${quotation(question.anchor)}
        </div>`,
    )}
    ${mine(asked, acts)} ${waiting.length > 1 ? sorting(asked.order, acts) : nothing}
    ${
      waiting.length
        ? html`<ul class="questions">
            ${repeat(
              waiting,
              ({ id }) => id,
              (question) => published(question, asked, acts),
            )}
          </ul>`
        : live.length
          ? nothing
          : asked.known === false
            ? html`<div class="coming"></div>`
            : html`<p class="empty">
              ${t("Pas encore de question publiée. La vôtre peut être la première.")}
            </p>`
    }
    ${answered.length ? asked.more()?.answered(answered) : nothing}
  `;
}

function sorting(order: Order, { sort }: Acts) {
  return html`<div class="segmented" role="group" aria-label=${t("Trier les questions")}>
    ${ORDERS.map(
      ([value, text]) =>
        html`<button aria-pressed=${order === value} @click=${() => sort(value)}>${text}</button>`,
    )}
  </div>`;
}

function published(question: Question, asked: Asked, { support }: Acts) {
  const on = asked.supports.has(question.id);
  const own = asked.mine.some(({ id }) => id === question.id);
  return html`<li class="question" data-id=${question.id}>
    <button
      class="support"
      aria-pressed=${on}
      aria-label=${t("Soutenir\u00a0: {what} ({supports})", {
        what: question.body,
        supports: count(question.support, "soutien", "soutiens"),
      })}
      ?disabled=${own}
      @click=${() => support(question, !on)}
    >
      ${on ? icons.supported : icons.support}<span>${question.support}</span>
    </button>
    <div>
      <p class="question-body">${typeset(question.body)}</p>
      ${quotation(question.anchor)} ${question.answer ? asked.more()?.written(question) : nothing}
      <p class="meta">
        ${own ? html`<span class="own">${t("Votre question")}</span>` : from(question, asked)}
        <span class="dot"></span>${ago(question.asked_at, asked.now)}
        ${own ? nothing : alertButton({ about: "question", id: question.id, text: question.body })}
      </p>
    </div>
  </li>`;
}

/** The author's name; an author with a mark has no name until marks are loaded. */
function from(question: Question, { more }: Asked) {
  return question.badge || question.table ? more()?.asker(question) : question.author || t("Participant");
}

function mine({ mine: own, unsent, now }: Asked, { withdraw }: Acts) {
  const shown = own.filter(({ state }) => state !== "withdrawn" && state !== "live");
  if (!shown.length && !unsent.length) return nothing;
  const news = [...shown].sort((a, b) => (seconds(b.asked_at) ?? 0) - (seconds(a.asked_at) ?? 0));
  return html`<section class="mine" aria-label=${t("Mes questions")}>
    <h3>${t("Mes questions")}</h3>
    <ul>
      ${unsent.map(
        ({ body }) =>
          html`<li>
            <p class="question-body">${typeset(body)}</p>
            <p class="meta"><span class="state unsent">
              ${t("Partira dès le retour du réseau")}
            </span></p>
          </li>`,
      )}
      ${repeat(
        news,
        ({ id }) => id,
        (question) =>
          html`<li>
            <p class="question-body">${typeset(question.body)}</p>
            <p class="meta">
              <span class="state ${question.state}">${fate(question)}</span>
              ${
                question.state === "pending" || question.state === "approved"
                  ? html`<button class="link" @click=${() => withdraw(question)}>
                      ${t("Retirer ma question")}
                    </button>`
                  : html`<span>${ago(question.asked_at, now)}</span>`
              }
            </p>
          </li>`,
      )}
    </ul>
  </section>`;
}
