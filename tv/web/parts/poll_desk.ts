// A poll in the control room: opened for a time, closed, shown, and what was written read first.

import { html, nothing } from "lit";
import { count } from "../french";
import type { Answer, Poll } from "../protocol";
import { remaining, results } from "./polls";
import { typeset } from "./text";

const STATES = { draft: "Brouillon", open: "Ouvert", closed: "Clos", published: "Affiché" };
const LONGER = 30; // seconds

/** Sends a request about the thing of that id. */
export type Send = (id: string, path: string, body?: object, method?: string) => void;

interface Desk {
  now: number;
  busy: Set<string>; // ids with a request under way
  send: Send;
}

export function pollCard(poll: Poll, answers: Answer[], desk: Desk) {
  const path = `/api/v1/polls/${poll.id}`;
  const button = (text: string, kind: string, verb: string, body?: object) =>
    html`<button
      class=${kind}
      ?disabled=${desk.busy.has(poll.id)}
      @click=${() => desk.send(poll.id, `${path}:${verb}`, body)}
    >
      ${text}
    </button>`;
  const acts = {
    draft: html`${button("Ouvrir le vote", "primary", "open")}
      <button
        class="link"
        ?disabled=${desk.busy.has(poll.id)}
        @click=${() => desk.send(poll.id, path, undefined, "DELETE")}
      >
        Supprimer
      </button>`,
    open: html`${button("Clore le vote", "primary", "close")}
    ${poll.closes_at == null ? nothing : button(`+ ${LONGER} s`, "quiet", "extend", { seconds: LONGER })}`,
    closed: html`${button("Afficher les résultats", "primary", "publish")}
    ${button("Nouveau tour", "quiet", "reopen")}`,
    published: button("Nouveau tour", "quiet", "reopen"),
  };
  return html`<li class="card poll ${poll.state}">
    <p class="poll-state">
      ${poll.state === "open" ? html`<span class="tally"></span>` : nothing}
      ${STATES[poll.state]} ${remaining(poll, desk.now)}
      ${poll.round > 1 ? html`<span class="dot"></span>tour ${poll.round}` : nothing}
      <span class="dot"></span>${count(poll.ballots, "bulletin", "bulletins")}
      ${
        poll.more_time
          ? html`<span class="dot"></span>${poll.more_time} avec plus de temps`
          : nothing
      }
    </p>
    <h3>${typeset(poll.prompt)}</h3>
    ${
      poll.state === "draft"
        ? html`<ol class="options">
            ${poll.options.map(({ text }) => html`<li>${text}</li>`)}
          </ol>`
        : results(poll, [], answers)
    }
    ${unread(poll, answers, desk)} ${poll.type === "words" ? hiding(poll, desk) : nothing}
    <div class="acts">${acts[poll.state]}</div>
  </li>`;
}

function unread(poll: Poll, answers: Answer[], { busy, send }: Desk) {
  const waiting = answers.filter(({ poll: of, state }) => of === poll.id && state === "pending");
  if (!waiting.length) return nothing;
  const judge = (answer: Answer, verb: string) =>
    send(answer.id, `/api/v1/polls/${poll.id}/answers/${answer.id}:${verb}`);
  return html`<ul class="answers">
    ${waiting.map(
      (answer) =>
        html`<li>
          <p>${typeset(answer.text)}</p>
          <div class="acts">
            <button
              class="quiet"
              ?disabled=${busy.has(answer.id)}
              @click=${() => judge(answer, "approve")}
            >
              Publier
            </button>
            <button
              class="link"
              ?disabled=${busy.has(answer.id)}
              @click=${() => judge(answer, "reject")}
            >
              Refuser
            </button>
          </div>
        </li>`,
    )}
  </ul>`;
}

/** A word that has no place on a screen goes from it at once, and can come back. */
function hiding(poll: Poll, { busy, send }: Desk) {
  const toggle = (word: string, hidden: boolean) =>
    html`<button
      class="link"
      ?disabled=${busy.has(poll.id)}
      @click=${() => send(poll.id, `/api/v1/polls/${poll.id}/words`, { word, hidden })}
    >
      ${hidden ? "Masquer" : "Montrer"} « ${word} »
    </button>`;
  const words = (poll.words ?? []).map(({ word }) => toggle(word, true));
  const hidden = (poll.hidden ?? []).map((word) => toggle(word, false));
  if (!words.length && !hidden.length) return nothing;
  return html`<details>
    <summary>Masquer un mot</summary>
    <div class="acts">${words}${hidden}</div>
  </details>`;
}
