// Where the channels also go: each address, how it does, started and stopped here.

import { html, nothing } from "lit";
import { count, hour, sized, stopwatch } from "../french";
import type { Restream } from "../protocol";

const STATES = {
  off: ["Arrêtée", ""],
  connecting: ["Connexion…", "warn"],
  on: ["En cours", "good"],
  waiting: ["Nouvelle tentative", "bad"],
};

interface Desk {
  now: number;
  busy: Set<string>;
  mayRun: boolean;
  act(restream: Restream, verb: "start" | "stop"): void;
  channels: Map<string, string>; // slug -> name; one alone is not worth saying
}

export function restreams(items: Restream[], desk: Desk) {
  if (!items.length) {
    return html`<p class="empty">
      Aucune destination. Elles se déclarent dans les réglages\u00a0: <code>[restreams.NOM]</code>.
    </p>`;
  }
  return html`<ul class="restreams">
    ${items.map((item) => target(item, desk))}
  </ul>`;
}

function target(item: Restream, { now, busy, mayRun, act, channels }: Desk) {
  const [name, mood] = STATES[item.state] as [string, string];
  const off = item.state === "off";
  const working = busy.has(`restream:${item.id}`);
  const facts = [
    channels.size > 1 ? (channels.get(item.channel) ?? item.channel) : "",
    item.since == null ? "" : off ? `depuis ${hour(item.since)}` : stopwatch(now - item.since),
    item.state === "on" && item.bitrate ? sized(item.bitrate) : "",
    item.dropped ? count(item.dropped, "image perdue", "images perdues") : "",
  ].filter(Boolean);
  const verb = off ? "Démarrer" : "Arrêter";
  return html`<li class="restream ${item.state}">
    <div class="restream-words">
      <p class="restream-name">
        <strong>${item.title}</strong>
        <span class="chip ${mood}"><span class="lamp"></span>${name}</span>
      </p>
      ${
        facts.length
          ? html`<p class="facts">${facts.map((fact) => html`<span>${fact}</span>`)}</p>`
          : nothing
      }
      ${item.detail ? html`<p class="advice">${item.detail}</p>` : nothing}
    </div>
    ${
      mayRun
        ? html`<button
            class=${off ? "primary soft" : "quiet"}
            aria-label="${verb} la rediffusion vers ${item.title}"
            aria-busy=${String(working)}
            aria-disabled=${working ? "true" : nothing}
            @click=${() => act(item, off ? "start" : "stop")}
          >
            ${verb}
          </button>`
        : nothing
    }
  </li>`;
}
