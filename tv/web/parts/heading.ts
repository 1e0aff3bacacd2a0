// What is on: the talk with its speakers, how far it is, and how many watch it.

import { html, nothing } from "lit";
import * as clock from "../clock";
import { count, hour, seconds, stopwatch } from "../french";
import { t } from "../language";
import { page } from "../page";
import type { Channel, Talk } from "../protocol";
import { whenPlanned } from "../talks";
import * as icons from "./icons";
import { typeset } from "./text";

export function status(channel: Channel | undefined, connected: boolean) {
  if (!connected) {
    return html`<span class="chip trouble"><span class="spinner"></span>${
      navigator.onLine ? t("Reconnexion…") : t("Hors ligne")
    }</span>`;
  }
  return channel && channel.viewers > 1
    ? html`<span class="chip viewers">${count(channel.viewers, "spectateur", "spectateurs")}</span>`
    : nothing;
}

/** `place` is the name of the channel, `next` what comes after. */
export function heading(talk: Talk | undefined, place: string, next?: Talk) {
  const elapsed = talk?.state === "live" && seconds(talk.started_at);
  return html`
    <p class="eyebrow">
      ${
        talk?.state === "live"
          ? html`<span class="tally"></span>${t("En direct")}${
                elapsed
                  ? html`<span class="dot"></span>${t("depuis {time}", { time: stopwatch(clock.now() - elapsed) })}`
                  : nothing
              }`
          : talk?.state === "ended" || talk?.state === "replay"
            ? t("Intervention terminée")
            : (talk && whenPlanned(talk)) || t("Bientôt en direct")
      }
      <span class="dot"></span>${place}
    </p>
    <h1>${typeset(talk?.title || page.event)}</h1>
    ${talk?.speakers.length ? html`<p class="speakers">${talk.speakers.join(", ")}</p>` : nothing}
    ${
      next && next.id !== talk?.id
        ? html`<p class="note">
            ${t("Ensuite, à {hour}\u00a0:", { hour: hour(next.planned_start) })} ${typeset(next.title)}
          </p>`
        : nothing
    }
    ${
      talk?.state === "replay"
        ? html`<p>
            <a class="primary soft" href="/revoir/${encodeURIComponent(talk.id)}">
              ${icons.replay} ${t("Revoir l’intervention")}
            </a>
          </p>`
        : nothing
    }
  `;
}

/** Where else one may go, in the hand: with room the page's head says so. */
export function around() {
  return html`<nav class="links" aria-label=${t("Aussi pendant l’événement")}>
    <a href="/programme">${t("Programme")}</a>
    <a href="/idees">${t("Idées")}</a>
    <a href="/mur/ecrire">${t("Mur")}</a>
    <a href="/revoir">${t("Revoir")}</a>
  </nav>`;
}
