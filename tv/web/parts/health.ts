// How the channel is, in a line at the top: each sign leads to what it is about.

import { html, nothing } from "lit";
import { count, stopwatch } from "../french";
import type { Channel, Restream } from "../protocol";

export const ON_AIR = { primary: "Principal", backup: "Secours", slate: "Carton d’attente" };
const CAPTIONS = {
  on: ["Sous-titres", "good"],
  late: ["Sous-titres en retard", "warn"],
  interrupted: ["Sous-titres interrompus", "bad"],
  off: ["Sans sous-titres", ""],
};

export function strip(
  channel: Channel | undefined,
  restreams: Restream[],
  connected: boolean,
  now: number,
) {
  if (!connected) {
    return html`<span class="chip trouble"
      ><span class="spinner"></span>Reconnexion au serveur…</span
    >`;
  }
  if (!channel) return nothing;
  const slate = channel.on_air === "slate";
  const [words, mood] = CAPTIONS[channel.captions];
  return html`
    <a class="chip ${slate ? "warn" : "on"}" href="#sources-title">
      <span class="tally"></span>${ON_AIR[channel.on_air]}
      ${channel.since == null ? nothing : html`<small>${stopwatch(now - channel.since)}</small>`}
    </a>
    ${
      (channel.chosen ?? "auto") === "auto"
        ? nothing
        : html`<a class="chip warn" href="#sources-title">Choix manuel</a>`
    }
    ${troubles(channel)} ${recording(channel)}
    <span class="chip ${mood}"><span class="lamp"></span>${words}</span>
    ${restreams.length ? rebroadcast(restreams) : nothing}
    <span class="chip">${count(channel.viewers, "spectateur", "spectateurs")}</span>
  `;
}

function recording({ recording: kept }: Channel) {
  if (!kept || kept.state === "off") return nothing;
  const words = kept.state === "paused" ? "Enregistrement en pause" : "Enregistrement";
  const mood = kept.state === "paused" ? "bad" : kept.reason ? "warn" : "good";
  return html`<a class="chip ${mood}" href="#keeping-title"
    ><span class="lamp"></span>${words}</a
  >`;
}

function troubles({ sources = [] }: Channel) {
  const told = sources
    .filter(({ connected }) => connected)
    .reduce((sum, source) => sum + source.advice.length, 0);
  if (!told) return nothing;
  return html`<a class="chip warn" href="#sources-title"
    >${count(told, "conseil", "conseils")}<span class="visually-hidden"> sur les sources</span></a
  >`;
}

function rebroadcast(restreams: Restream[]) {
  const wanted = restreams.filter(({ state }) => state !== "off");
  const running = wanted.filter(({ state }) => state === "on");
  const mood = running.length < wanted.length ? "bad" : running.length ? "good" : "";
  const words = wanted.length
    ? `Rediffusion\u202f: ${running.length} sur ${wanted.length}`
    : "Rediffusion arrêtée";
  return html`<a class="chip ${mood}" href="#restreams-title"
    ><span class="lamp"></span>${words}</a
  >`;
}
