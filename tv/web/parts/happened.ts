// What happened during a talk that is over: its chapters, its questions with their answers, its
// polls, the syntheses told in it; each leads to its moment, and the crew sends it to laboratories.

import { html, nothing } from "lit";
import { hour, seconds, stopwatch } from "../french";
import { t } from "../language";
import type { Poll, Question } from "../protocol";
import type { Lab, Synthesis } from "../lab_items";
import type { Chapter, Replay } from "../recorded";
import { alertButton } from "./alert";
import { asker } from "./byline";
import * as icons from "./icons";
import { results } from "./results";
import type { Sent } from "./send_to_lab";
import { from, paragraphs } from "./syntheses";
import { quotation, typeset } from "./text";

type Go = (time: number) => void;
type Send = (sent: Sent, title: string) => void; // to laboratories

const KINDS = { talk: "", question: t("Question"), poll: t("Sondage"), synthesis: t("Synthèse") };

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

export function questions({ questions: asked, chapters: found }: Replay, go: Go, send?: Send) {
  const answered = asked.filter(({ state }) => state === "answered");
  const open = asked.filter(({ state }) => state === "approved");
  const taken = (question: Question) => seconds(question.taken_at) ?? 0;
  answered.sort((a, b) => taken(a) - taken(b));
  if (!answered.length && !open.length)
    return html`<p class="empty">${t("Aucune question n’a été posée.")}</p>`;
  return html`<ul class="questions">
    ${answered.map((question) => card(question, momentOf(question.id, found), go, send))}
    ${open.map((question) => card(question, undefined, go, send))}
  </ul>`;
}

function card(question: Question, at: number | undefined, go: Go, send?: Send) {
  return html`<li class="question">
    <div>
      <p class="question-body">${typeset(question.body)}</p>
      ${quotation(question.anchor)}
      <p class="meta">
        ${asker(question)}<span class="dot"></span>
        ${
          question.state === "approved"
            ? t("Sans réponse")
            : html`${t("Réponse donnée à {hour}", { hour: hour(question.answered_at) })}${
                at === undefined
                  ? nothing
                  : html` –
                      <button
                        class="link"
                        aria-label=${t("Revoir la réponse à\u00a0: {what}", { what: question.body })}
                        @click=${() => go(at)}
                      >
                        ${t("Revoir")}
                      </button>`
              }`
        }
        ${alertButton({ about: "question", id: question.id, text: question.body })}
      </p>
      ${toLab({ type: "question", shows: question.id }, question.body, send)}
    </div>
  </li>`;
}

export function polls({ polls: held, chapters: found }: Replay, go: Go, send?: Send) {
  return held.map(
    (item) =>
      html`<li class="poll">
        ${pollCard(item, momentOf(item.id, found), go)}
        ${toLab({ type: "poll", shows: item.id }, item.prompt, send)}
      </li>`,
  );
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
              aria-label=${t("Revoir le sondage\u00a0: {what}", { what: item.prompt })}
              @click=${() => go(at)}
            >
              ${t("Revoir ce moment")}
            </button>
          </p>`
    }`;
}

/** The syntheses told in it, as they read now, in the order in which they were told. */
export function syntheses({ syntheses: told, chapters: found }: Replay, labs: Lab[], go: Go) {
  const moments = new Map(told.map(({ id }) => [id, momentOf(id, found)]));
  const inOrder = [...told].sort((a, b) => (moments.get(a.id) ?? 0) - (moments.get(b.id) ?? 0));
  return inOrder.map((synthesis) => {
    const at = moments.get(synthesis.id);
    return html`<li class="told-synthesis">${synthesisCard(synthesis, labs, at, go)}</li>`;
  });
}

function synthesisCard(synthesis: Synthesis, labs: Lab[], at: number | undefined, go: Go) {
  const { id, title, open, body } = synthesis;
  return html`${from(synthesis, labs)}
    <h3>${typeset(title)}</h3>
    <div class="synthesis-text">${paragraphs(body)}</div>
    <p class="meta">
      ${
        at === undefined
          ? nothing
          : html`<button
              class="link"
              aria-label=${t("Revoir la synthèse\u00a0: {what}", { what: title })}
              @click=${() => go(at)}
            >
              ${t("Revoir ce moment")}
            </button>`
      }
      ${open ? html`<a href="/idees#${id}">${t("La soutenir, la commenter")}</a>` : nothing}
      ${alertButton({ about: "synthesis", id, text: title })}
    </p>`;
}

function toLab(sent: Sent, title: string, send: Send | undefined) {
  if (!send) return nothing;
  return html`<button
    class="quiet to-lab"
    aria-label=${t("Envoyer au labo\u00a0: {what}", { what: title })}
    @click=${() => send(sent, title)}
  >
    ${icons.send} ${t("Envoyer au labo")}
  </button>`;
}

function momentOf(id: string, found: Chapter[]): number | undefined {
  return found.find((chapter) => chapter.id === id)?.start;
}
