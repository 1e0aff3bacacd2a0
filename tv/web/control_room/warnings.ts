// What is wrong now, in sentences above everything: the worst first, each leads to its place.

import { html, nothing } from "lit";
import { stopwatch } from "../french";
import type { Told } from "../parts/health";
import * as icons from "../parts/icons";
import { ailing } from "../parts/source";
import type { Screen } from "../protocol";

const SHOWN = 3; // at a time

interface Warning {
  mood: "bad" | "warn";
  said: string;
  to: string; // the id of the place that is about it
  lasts?: number; // seconds: shown, but not read out again each second
}

export function warnings(told: Told, away: Screen[]) {
  if (!told.connected) {
    return html`<ul>
      <li class="bad"><span class="spinner"></span>Reconnexion au serveur…</li>
    </ul>`;
  }
  const found = wrong(told, away);
  if (!found.length) return nothing;
  const more = found.length - SHOWN;
  return html`<ul>
    ${found.slice(0, SHOWN).map(
      ({ mood, said, to, lasts }) =>
        html`<li class=${mood}>
          ${icons.warning}<a href="#${to}">${said}</a>
          ${lasts == null ? nothing : html`<span aria-hidden="true">${stopwatch(lasts)}</span>`}
        </li>`,
    )}
    ${more > 0 ? html`<li class="warn">et ${more}${"\u00a0"}de plus</li>` : nothing}
  </ul>`;
}

function wrong({ channel, restreams, health }: Told, away: Screen[]): Warning[] {
  if (!channel) return [];
  const { sources = [], recording, captions, captions_reason: reason } = channel;
  const found: Warning[] = [];
  const say = (mood: Warning["mood"], said: string, to: string, lasts?: number) =>
    found.push({ mood, said, to, ...(lasts != null && { lasts }) });
  if (channel.interrupted) {
    say("bad", "La diffusion redémarre\u00a0: le public attend l’image.", "sources-title");
  }
  if (health && !health.store.up) {
    say("bad", "La base ne répond pas\u00a0: questions et votes attendent.", "sources-title");
  }
  const air = sources.find(({ on_air }) => on_air);
  for (const [mood, what, lasts] of air ? ailing(air) : []) {
    say(mood === "bad" ? "bad" : "warn", `${what} à l’antenne`, "sources-title", lasts);
  }
  if (reason) say(captions === "interrupted" ? "bad" : "warn", reason, "captions-title");
  else if (captions === "interrupted") {
    say("bad", "Les sous-titres sont interrompus.", "captions-title");
  }
  if (recording?.reason) {
    say(recording.state === "paused" ? "bad" : "warn", recording.reason, "keeping-title");
  }
  for (const { state, title } of restreams) {
    if (state === "waiting") {
      say("warn", `La rediffusion vers ${title} fait une nouvelle tentative.`, "restreams-title");
    }
  }
  if (away.length) say("warn", silentScreens(away), "screens-title");
  return found.sort((a, b) => Number(b.mood === "bad") - Number(a.mood === "bad"));
}

function silentScreens(away: Screen[]): string {
  const names = away.map(({ name }) => name).join(", ");
  return away.length === 1
    ? `Un écran ne répond plus\u00a0: ${names}.`
    : `${away.length} écrans ne répondent plus\u00a0: ${names}.`;
}
