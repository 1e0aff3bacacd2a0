// A poll in the control room: opened for a time, closed, shown, and what was written read first.

import { html, nothing } from "lit";
import { count, quoted } from "../french";
import type { Answer, Poll } from "../protocol";
import type { Requests } from "../requests";
import { bursts } from "./ballot_bursts";
import { button } from "./button";
import { remaining } from "./polls";
import { results } from "./results";
import { typeset } from "./text";

const STATES = { draft: "Brouillon", open: "Ouvert", closed: "Clos", published: "Affiché" };
const LONGER = 30; // seconds

interface Desk {
  now: number;
  requests: Requests;
  send?: ((poll: Poll) => void) | undefined; // to laboratories, where there are any
}

export function pollCard(poll: Poll, answers: Answer[], desk: Desk) {
  const path = `/api/v1/polls/${poll.id}`;
  const { busy } = desk.requests;
  const send = (method: string, where: string, body?: object) =>
    void desk.requests.send(poll.id, method, where, body);
  const act = (_: Poll, verb: string, body?: object) => send("POST", `${path}:${verb}`, body);
  const press = (text: string, kind: string, verb: string, body?: object) =>
    button(text, kind, poll, { busy, act }, verb, body);
  const acts = {
    draft: html`${press("Ouvrir le vote", "primary", "open")}
      <button
        class="link"
        aria-disabled=${busy.has(poll.id) ? "true" : nothing}
        @click=${() => send("DELETE", path)}
      >
        Supprimer
      </button>`,
    open: html`${press("Clore le vote", "primary", "close")}
    ${poll.closes_at == null ? nothing : press(`+\u202f${LONGER}\u00a0s`, "quiet", "extend", { seconds: LONGER })}`,
    closed: html`${press("Afficher les résultats", "primary", "publish")}
    ${press("Nouveau tour", "quiet", "reopen")}`,
    published: press("Nouveau tour", "quiet", "reopen"),
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
      ${poll.codes ? html`<span class="dot"></span>avec code de vote` : nothing}
    </p>
    <h3>${typeset(poll.prompt)}</h3>
    ${
      poll.state === "draft"
        ? html`<ol class="options">
            ${poll.options.map(({ text }) => html`<li>${text}</li>`)}
          </ol>`
        : results(poll, [], answers)
    }
    ${bursts(poll, { busy, act })}
    ${unread(poll, answers, desk)} ${poll.type === "words" ? hiding(poll, desk) : nothing}
    <div class="acts">
      ${acts[poll.state]}
      ${
        desk.send && poll.state !== "draft"
          ? html`<button class="link" @click=${() => desk.send?.(poll)}>Envoyer au labo</button>`
          : nothing
      }
    </div>
  </li>`;
}

function unread(poll: Poll, answers: Answer[], { requests }: Desk) {
  const waiting = answers.filter(({ poll: of, state }) => of === poll.id && state === "pending");
  if (!waiting.length) return nothing;
  const judge = ({ id }: Answer, verb: string) =>
    void requests.send(id, "POST", `/api/v1/polls/${poll.id}/answers/${id}:${verb}`);
  const desk = { busy: requests.busy, act: judge };
  return html`<ul class="answers">
    ${waiting.map(
      (answer) =>
        html`<li>
          <p>${typeset(answer.text)}</p>
          <div class="acts">
            ${button("Publier", "quiet", answer, desk, "approve")}
            ${button("Refuser", "link", answer, desk, "reject")}
          </div>
        </li>`,
    )}
  </ul>`;
}

/** A word that has no place on a screen goes from it at once, and can come back. */
function hiding(poll: Poll, { requests }: Desk) {
  const toggle = (word: string, hidden: boolean) =>
    html`<button
      class="link"
      aria-disabled=${requests.busy.has(poll.id) ? "true" : nothing}
      @click=${() =>
        requests.send(poll.id, "POST", `/api/v1/polls/${poll.id}/words`, { word, hidden })}
    >
      ${hidden ? "Masquer" : "Montrer"} ${quoted(word)}
    </button>`;
  const words = (poll.words ?? []).map(({ word }) => toggle(word, true));
  const hidden = (poll.hidden ?? []).map((word) => toggle(word, false));
  if (!words.length && !hidden.length) return nothing;
  return html`<details>
    <summary>Masquer un mot</summary>
    <div class="acts">${words}${hidden}</div>
  </details>`;
}
