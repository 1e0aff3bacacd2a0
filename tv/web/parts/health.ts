// How the channel is: what is on air, the captions, the sources and what ails them.

import { html, nothing } from "lit";
import { count, decimal, stopwatch } from "../french";
import type { Channel, Source } from "../protocol";

const ON_AIR = { primary: "Plateau", backup: "Secours", slate: "Carton d’attente" };
const CAPTIONS = {
  on: ["Sous-titres", "good"],
  late: ["Sous-titres en retard", "warn"],
  interrupted: ["Sous-titres interrompus", "bad"],
  off: ["Sans sous-titres", ""],
};
const SLOTS = { primary: "Plateau", backup: "Secours" };

export function strip(channel: Channel | undefined, connected: boolean, now: number) {
  if (!connected) {
    return html`<span class="chip trouble"
      ><span class="spinner"></span>Reconnexion au serveur…</span
    >`;
  }
  if (!channel) return nothing;
  const slate = channel.on_air === "slate";
  const [words, mood] = CAPTIONS[channel.captions];
  return html`
    <span class="chip ${slate ? "warn" : "on"}">
      <span class="tally"></span>${ON_AIR[channel.on_air]}
      ${channel.since == null ? nothing : html`<small>${stopwatch(now - channel.since)}</small>`}
    </span>
    <span class="chip ${mood}"><span class="lamp"></span>${words}</span>
    <span class="chip">${count(channel.viewers, "spectateur", "spectateurs")}</span>
  `;
}

export function sources(channel: Channel | undefined) {
  const reason = channel?.captions_reason;
  return html`${reason ? html`<p class="advice">${reason}</p>` : nothing}${studios(channel)}`;
}

function studios(channel: Channel | undefined) {
  const found = channel?.sources ?? [];
  if (!found.some(({ connected }) => connected)) {
    return html`<div class="source none">
      <p><strong>Aucun plateau ne diffuse.</strong> Les spectateurs voient le carton d’attente.</p>
      <p class="note">
        Dans OBS : service « Personnalisé », serveur
        <code>rtmp://${location.hostname}:1935/live</code>, et la clé que donne
        <code>fabrique-tv key ${channel?.id ?? ""}</code>.
      </p>
    </div>`;
  }
  return html`<ul class="sources">
    ${found.filter(({ connected }) => connected).map(source)}
  </ul>`;
}

function source(item: Source) {
  const facts = [
    item.width ? `${item.width} × ${item.height}` : "",
    item.frame_rate ? `${Math.round(item.frame_rate)} i/s` : "",
    item.bitrate ? `${decimal(item.bitrate / 1e6)} Mbit/s` : "",
    item.keyframe_interval ? `image clé ${decimal(item.keyframe_interval)} s` : "",
  ].filter(Boolean);
  return html`<li class="source ${item.advice.length ? "ailing" : "well"}">
    <p class="source-name">
      <strong>${SLOTS[item.slot]}</strong> <span>${item.kind}</span>
      <span class="tag ${item.on_air ? "" : "off"}">${item.on_air ? "à l’antenne" : "prêt"}</span>
    </p>
    <p class="facts">${facts.map((fact) => html`<span>${fact}</span>`)}</p>
    ${item.advice.map((advice) => html`<p class="advice">${advice}</p>`)}
  </li>`;
}
