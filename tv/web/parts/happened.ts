// What happened during a talk that is over: its chapters, its questions with their answers, its
// polls; each leads to its moment.

import { html, nothing } from "lit";
import { hour, seconds, stopwatch } from "../french";
import type { Poll, Question } from "../protocol";
import type { Chapter, Replay } from "../recorded";
import { results } from "./polls";
import { quotation, typeset } from "./text";

type Go = (time: number) => void;

const KINDS = { talk: "", question: "Question", poll: "Sondage", synthesis: "Synthèse" };

export function chapters({ chapters: found, start }: Replay, shown: number, go: Go) {
  const current = found.findLast((chapter) => chapter.start <= shown);
  return html`<ol class="chapters">
    ${found.map(
      (chapter) =>
        html`<li>
          <button
            aria-current=${chapter === current ? "true" : nothing}
            @click=${() => go(chapter.start)}
          >
            <span class="at">${stopwatch(chapter.start - start)}</span>
            <span>
              ${
                KINDS[chapter.kind]
                  ? html`<span class="kind">${KINDS[chapter.kind]}</span>`
                  : nothing
              }
              ${typeset(chapter.title)}
            </span>
          </button>
        </li>`,
    )}
  </ol>`;
}

export function questions({ questions: asked, chapters: found }: Replay, go: Go) {
  const answered = asked.filter(({ state }) => state === "answered");
  const open = asked.filter(({ state }) => state === "approved");
  const taken = (question: Question) => seconds(question.taken_at) ?? 0;
  answered.sort((a, b) => taken(a) - taken(b));
  if (!answered.length && !open.length)
    return html`<p class="empty">Aucune question n’a été posée.</p>`;
  return html`<ul class="questions">
    ${answered.map((question) => card(question, momentOf(question.id, found), go))}
    ${open.map((question) => card(question, undefined, go))}
  </ul>`;
}

function card(question: Question, at: number | undefined, go: Go) {
  return html`<li class="question">
    <div>
      <p class="question-body">${typeset(question.body)}</p>
      ${quotation(question.anchor)}
      <p class="meta">
        ${question.author || "Participant"}<span class="dot"></span>
        ${
          question.state === "approved"
            ? "Sans réponse"
            : html`Réponse donnée à ${hour(question.answered_at)}${
                at === undefined
                  ? nothing
                  : html` –
                      <button
                        class="link"
                        aria-label="Revoir la réponse à : ${question.body}"
                        @click=${() => go(at)}
                      >
                        Revoir
                      </button>`
              }`
        }
      </p>
    </div>
  </li>`;
}

export function polls({ polls: held, chapters: found }: Replay, go: Go) {
  return held.map((item) => html`<li class="poll">${pollCard(item, momentOf(item.id, found), go)}</li>`);
}

function pollCard(item: Poll, at: number | undefined, go: Go) {
  return html`<h3>${typeset(item.prompt)}</h3>
    ${results(item)}
    ${
      at === undefined
        ? nothing
        : html`<p class="meta">
            <button
              class="link"
              aria-label="Revoir le sondage : ${item.prompt}"
              @click=${() => go(at)}
            >
              Revoir ce moment
            </button>
          </p>`
    }`;
}

function momentOf(id: string, found: Chapter[]): number | undefined {
  return found.find((chapter) => chapter.id === id)?.start;
}
