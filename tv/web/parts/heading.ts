// What is on: the talk with its speakers, how far it is, and how many watch it.

import { html, nothing } from "lit";
import * as clock from "../clock";
import { count, seconds, stopwatch } from "../french";
import { page } from "../page";
import type { Channel, Talk } from "../protocol";
import { whenPlanned } from "../talks";
import * as icons from "./icons";
import { typeset } from "./text";

export function status(channel: Channel | undefined, connected: boolean) {
  if (!connected) {
    return html`<span class="chip trouble"><span class="spinner"></span>Reconnexion…</span>`;
  }
  return channel && channel.viewers > 1
    ? html`<span class="chip viewers">${count(channel.viewers, "spectateur", "spectateurs")}</span>`
    : nothing;
}

/** `place` is the name of the channel. */
export function heading(talk: Talk | undefined, place: string) {
  const elapsed = talk?.state === "live" && seconds(talk.started_at);
  return html`
    <p class="eyebrow">
      ${
        talk?.state === "live"
          ? html`<span class="tally"></span>En
              direct${
                elapsed
                  ? html`<span class="dot"></span>depuis ${stopwatch(clock.now() - elapsed)}`
                  : nothing
              }`
          : talk?.state === "ended" || talk?.state === "replay"
            ? "Intervention terminée"
            : (talk && whenPlanned(talk)) || "Bientôt en direct"
      }
      <span class="dot"></span>${place}
    </p>
    <h1>${typeset(talk?.title || page.event)}</h1>
    ${talk?.speakers.length ? html`<p class="speakers">${talk.speakers.join(", ")}</p>` : nothing}
    ${
      talk?.state === "replay"
        ? html`<p>
            <a class="primary soft" href="/revoir/${encodeURIComponent(talk.id)}">
              ${icons.replay} Revoir l’intervention
            </a>
          </p>`
        : nothing
    }
  `;
}
