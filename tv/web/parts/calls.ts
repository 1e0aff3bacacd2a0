// A call for ideas: one question to everybody, answered here before, during and after the event.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { ago, count, quoted, reason } from "../french";
import type { Cafe, Idea } from "../lab_items";
import { t } from "../language";
import { alertButton } from "./alert";
import { byline } from "./byline";
import * as icons from "./icons";
import { typeset } from "./text";
import { picture } from "./wall";

const LIMIT = 280; // characters, as the server has it
const CLOSE_TO_LIMIT = 80;
const FIRST = 5; // answers that show before one asks for all

/** What there is to show of a call. */
export interface Called {
  call: Cafe;
  answers: Idea[]; // in order
  mine: Idea[];
  unsent: { key: string; text: string }[];
  dots: Record<string, number>; // that one gave, by idea
  left: number; // dots to give
  draft: string;
  whole: boolean; // all answers are shown
  now: number;
}

export interface Answering {
  write(call: Cafe, text: string): void;
  send(call: Cafe): void;
  dot(idea: Idea, on: boolean): void;
  withdraw(idea: Idea): void;
  showAll(call: Cafe): void;
}

export function called(shown: Called, acts: Answering) {
  const { call, answers } = shown;
  const [question = call.title] = call.prompts;
  return html`<section class="call ${call.state}" aria-labelledby="call-${call.id}">
    <div class="call-ask">
      <p class="eyebrow">
        ${call.state === "open" ? t("À vous la parole") : t("Question close")}
        ${call.title && call.title !== question ? html`<span class="dot"></span>${call.title}` : nothing}
        ${
          answers.length
            ? html`<span class="dot"></span>${count(answers.length, "réponse", "réponses")}`
            : nothing
        }
      </p>
      <h2 id="call-${call.id}">${typeset(question)}</h2>
      ${call.state === "open" ? form(shown, acts) : closed(shown)} ${mine(shown, acts)}
    </div>
    ${answers.length ? published(shown, acts) : nothing}
  </section>`;
}

function form({ call, draft }: Called, acts: Answering) {
  const left = LIMIT - draft.length;
  const field = `answer-${call.id}`;
  return html`<form
    class="composer"
    @submit=${(event: Event) => {
      event.preventDefault();
      acts.send(call);
    }}
  >
    <label for=${field}>${t("Votre réponse")}</label>
    <textarea
      id=${field}
      rows="3"
      maxlength=${LIMIT}
      placeholder=${t("Une idée par réponse, en une ou deux phrases")}
      aria-describedby="${field}-help ${field}-left"
      .value=${live(draft)}
      @input=${(event: InputEvent) =>
        acts.write(call, (event.target as HTMLTextAreaElement).value)}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) acts.send(call);
      }}
    ></textarea>
    <footer>
      <p class="note" id="${field}-help">${t("Elle sera relue avant de s’afficher.")}</p>
      <p class="note" id="${field}-left">
        ${left <= CLOSE_TO_LIMIT ? count(left, "caractère restant", "caractères restants") : nothing}
      </p>
      <button class="primary" aria-disabled=${draft.trim() && left >= 0 ? nothing : "true"}>
        ${t("Envoyer")}
      </button>
    </footer>
  </form>`;
}

function closed({ draft }: Called) {
  return html`<p class="note">
    ${t("Elle ne prend plus de réponses. Celles qui sont là restent.")}
  </p>
    ${
      draft.trim()
        ? html`<p class="note">
            ${t("Votre brouillon, gardé sur cet appareil\u00a0: {text}", { text: quoted(draft) })}
          </p>`
        : nothing
    }`;
}

function published(shown: Called, acts: Answering) {
  const { call, answers, dots, left, whole, mine: own, now } = shown;
  const votes = call.state === "open" && call.dots > 0;
  const first = whole ? answers : answers.slice(0, FIRST);
  const rest = answers.length - first.length;
  return html`<div class="call-answers">
    ${
      votes
        ? html`<p class="note">
            ${
              left > 0
                ? t("Il vous reste {points} à donner.", { points: count(left, "point", "points") })
                : t("Vous avez donné tous vos points\u00a0: reprenez-en un pour le donner ailleurs.")
            }
          </p>`
        : nothing
    }
    <ul class="questions" aria-label=${t("Réponses")}>
      ${repeat(
        first,
        ({ id }) => id,
        (idea) => answer(idea, { votes, on: Boolean(dots[idea.id]), left, own, now }, acts),
      )}
    </ul>
    ${
      rest
        ? html`<button class="quiet" @click=${() => acts.showAll(call)}>
            ${t("Voir {more}", { more: count(rest, "autre réponse", "autres réponses") })}
          </button>`
        : nothing
    }
  </div>`;
}

interface Voting {
  votes: boolean;
  on: boolean;
  left: number;
  own: Idea[];
  now: number;
}

function answer(idea: Idea, { votes, on, left, own, now }: Voting, acts: Answering) {
  const points = count(idea.dots, "point", "points");
  return html`<li class="question">
    <button
      class="support"
      aria-pressed=${String(on)}
      aria-label=${t("Donner un point à\u00a0: {what} ({points})", {
        what: idea.text || idea.picture?.alt || t("une image"),
        points,
      })}
      ?disabled=${!votes || (!on && left < 1)}
      @click=${() => acts.dot(idea, !on)}
    >
      ${on ? icons.supported : icons.support}<span>${idea.dots}</span>
    </button>
    <div>
      ${idea.text ? html`<p class="question-body">${typeset(idea.text)}</p>` : nothing}
      ${picture(idea)}
      <p class="meta">
        ${
          own.some(({ id }) => id === idea.id)
            ? html`<span class="own">${t("Votre réponse")}</span>`
            : byline(idea)
        }
        <span class="dot"></span>${ago(idea.made_at, now)}
        ${alertButton({ about: "idea", id: idea.id, text: idea.text })}
      </p>
    </div>
  </li>`;
}

function mine({ call, mine: own, unsent, now }: Called, acts: Answering) {
  const shown = own.filter(({ state }) => state !== "withdrawn").reverse();
  if (!shown.length && !unsent.length) return nothing;
  return html`<section class="mine" aria-labelledby="mine-${call.id}">
    <h3 id="mine-${call.id}">${t("Vos réponses")}</h3>
    <ul>
      ${unsent.map(
        ({ text }) =>
          html`<li>
            <p class="question-body">${typeset(text)}</p>
            <p class="meta"><span class="state unsent">
              ${t("Partira dès le retour du réseau")}
            </span></p>
          </li>`,
      )}
      ${repeat(
        shown,
        ({ id }) => id,
        (idea) =>
          html`<li>
            <p class="question-body">${typeset(idea.text)}</p>
            <p class="meta">
              <span class="state ${idea.state === "shown" ? "approved" : idea.state === "hidden" ? "rejected" : ""}"
                >${fate(idea)}</span
              >
              ${
                idea.state === "hidden"
                  ? html`<span>${ago(idea.made_at, now)}</span>`
                  : html`<button
                      class="link"
                      aria-label=${t("Retirer la réponse\u00a0: {text}", { text: idea.text })}
                      @click=${() => acts.withdraw(idea)}
                    >
                      ${t("Retirer")}
                    </button>`
              }
            </p>
          </li>`,
      )}
    </ul>
  </section>`;
}

/** What the author of an answer reads about it. */
function fate({ state, reason: why }: Idea): string {
  if (state === "shown") return t("Publiée");
  if (state === "hidden") return why ? t("Non retenue\u00a0: {reason}", { reason: reason(why) }) : t("Non retenue");
  return t("En attente de relecture");
}
