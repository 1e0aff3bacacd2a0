// The talk that the control room is about: started and ended here, with the time that it has left.

import { html, nothing } from "lit";
import * as clock from "../clock";
import { hour, seconds, spoken, stopwatch } from "../french";
import { summary } from "../parts/rating";
import { typeset } from "../parts/text";
import { timeLeft } from "../parts/time_left";
import { variable } from "../parts/variable";
import type { Rating, Talk } from "../protocol";
import type { Requests } from "../requests";
import { whenPlanned } from "../talks";

const RESUMING = 120; // seconds for which an end can be taken back
const MOODS = { "": "", soon: "warn", last: "warn", over: "bad" };

/** `next` is the talk that comes after it. */
export function talkCard(
  talk: Talk | undefined,
  next: Talk | undefined,
  rated: Rating | undefined,
  requests: Requests,
) {
  if (!talk) return html`<p class="empty">Aucune intervention sur ce canal.</p>`;
  const { id, state } = talk;
  const ended = seconds(talk.ended_at);
  const resumable = state === "ended" && ended != null && clock.now() - ended < RESUMING;
  const press = (text: string, kind: string, verb: string) =>
    html`<button
      class=${kind}
      aria-disabled=${requests.busy.has(id) ? "true" : nothing}
      @click=${() => requests.send(id, "POST", `/api/v1/talks/${id}:${verb}`)}
    >
      ${text}
    </button>`;
  return html`<div class="talk-card ${state}">
    <div class="talk-words">
      <p class="eyebrow">${when(talk)}</p>
      <h2>${typeset(talk.title || "Le direct")}</h2>
      ${talk.speakers.length ? html`<p class="speakers">${talk.speakers.join(", ")}</p>` : nothing}
      ${rated?.ratings ? summary(rated) : nothing}
    </div>
    <div class="acts">
      ${state === "scheduled" ? press("Démarrer", "primary", "start") : nothing}
      ${state === "live" ? press("Terminer", "quiet", "end") : nothing}
      ${resumable ? press("Reprendre l’intervention", "primary", "resume") : nothing}
    </div>
    ${pace(talk)}
    ${
      next
        ? html`<p class="note talk-next">
            Ensuite${next.planned_start ? ` à ${hour(next.planned_start)}` : ""}${"\u00a0"}:
            ${next.title || "Le direct"}
          </p>`
        : nothing
    }
  </div>`;
}

function when(talk: Talk) {
  if (talk.state === "live") {
    const since = clock.now() - (seconds(talk.started_at) ?? clock.now());
    return html`<span class="tally"></span>En direct<span class="dot"></span>${stopwatch(since)}`;
  }
  return whenPlanned(talk) || (talk.state === "scheduled" ? "Prête à commencer" : "Terminée");
}

/** How much of its time has gone, where an end was planned. */
function pace(talk: Talk) {
  const left = timeLeft(talk, clock.now());
  if (!left) return nothing;
  const { end, rest, part, level } = left;
  const minutes = spoken(60 * Math.ceil(Math.abs(rest) / 60));
  return html`<div class="talk-pace ${MOODS[level]}">
    <span class="talk-bar" aria-hidden="true" ${variable("--part", String(1 - part))}></span>
    <p>
      ${level === "over" ? `Dépasse de ${minutes}` : `Reste ${minutes}`}
      <small>fin prévue à ${hour(end)}</small>
    </p>
  </div>`;
}

/** Which talk the desk is about, where there are several. */
export function talkChoice(here: Talk[], chosen: string, choose: (id: string) => void) {
  const there = here.filter(({ state }) => state !== "cancelled");
  if (there.length < 2) return nothing;
  return html`<label class="desk-choice">
    Intervention
    <select @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      <option value="" ?selected=${!chosen}>Celle du moment</option>
      ${there.map(
        ({ id, title, planned_start }) =>
          html`<option value=${id} ?selected=${id === chosen}>
            ${[hour(planned_start), title].filter(Boolean).join(" – ")}
          </option>`,
      )}
    </select>
  </label>`;
}
