// How everything is, in a line at the top: each sign leads to what it is about.

import { html, nothing } from "lit";
import { count, stopwatch } from "../french";
import type { Channel, Recording, Restream } from "../protocol";

export const ON_AIR = { primary: "Principal", backup: "Secours", slate: "Carton d’attente" };

/** What the API says of what everything stands on. */
export interface Health {
  store: { up: boolean; milliseconds: number | null };
  disk: { free: number; total: number }; // bytes
}

/** All that the line tells. */
export interface Told {
  channel: Channel | undefined;
  restreams: Restream[];
  screens: { here: number; all: number };
  health: Health | null; // not known yet
  connected: boolean; // else all of this is as it was last heard
  now: number;
}

type Mood = "on" | "good" | "warn" | "bad" | "";
type Cell = [name: string, said: string, mood: Mood, to: string, more?: string];

const DAY = 86_400; // seconds
const TIGHT = 0.1; // of the disk, below which its room is worth a look

export function strip(told: Told) {
  const { channel } = told;
  if (!channel) return nothing;
  const cells = [
    onAir(channel, told.now),
    studios(channel),
    captions(channel),
    disk(channel.recording, told.health),
    store(told.health),
    screens(told.screens),
    ...(told.restreams.length ? [rebroadcast(told.restreams)] : []),
  ];
  return html`${cells.map(
    ([name, said, mood, to, more]) =>
      html`<a class="cell ${mood}" href="#${to}">
        <span class="lamp"></span>
        <span class="cell-name">${name}</span>
        <span class="cell-said">${said}${more ? html` <small>${more}</small>` : nothing}</span>
      </a>`,
  )}
  ${
    (channel.chosen ?? "auto") === "auto"
      ? nothing
      : html`<a class="cell warn" href="#sources-title"><span class="lamp"></span>Choix manuel</a>`
  }
  <p class="cell">
    <span class="cell-name">Public</span>
    <span class="cell-said">${count(channel.viewers, "spectateur", "spectateurs")}</span>
  </p>`;
}

function onAir({ on_air, since }: Channel, now: number): Cell {
  const time = since == null ? "" : stopwatch(now - since);
  return ["Antenne", ON_AIR[on_air], on_air === "slate" ? "warn" : "on", "switcher", time];
}

function studios({ sources = [] }: Channel): Cell {
  const there = sources.filter(({ connected }) => connected);
  const told = there.reduce((sum, { advice }) => sum + advice.length, 0);
  const mood = there.length ? (told ? "warn" : "good") : "bad";
  const said = there.length ? count(there.length, "studio", "studios") : "aucun studio";
  return ["Sources", said, mood, "sources-title", told ? count(told, "conseil", "conseils") : ""];
}

function captions({ captions: state, captions_by: by }: Channel): Cell {
  const on = by === "person" ? "au clavier" : "en marche";
  const said = { on, late: "en retard", interrupted: "interrompus", off: "aucun" }[state];
  const mood = { on: "good", late: "warn", interrupted: "bad", off: "" }[state] as Mood;
  return ["Sous-titres", said, mood, "captions-title"];
}

/** How long the recording may go on, or how much room there is where nothing is recorded. */
function disk(kept: Recording | null | undefined, health: Health | null): Cell {
  if (kept && kept.state !== "off") {
    const [said, mood]: [string, Mood] =
      kept.state === "paused"
        ? ["en pause", "bad"]
        : ["enregistre", kept.reason ? "warn" : "good"];
    return ["Disque", said, mood, "keeping-title", kept.room ? lasting(kept.room) : ""];
  }
  const { free = 0, total = 0 } = health?.disk ?? {};
  if (!total) return ["Disque", "–", "", "keeping-title"];
  const mood = free < TIGHT * total ? "warn" : "good";
  return ["Disque", `${bytes(free)} libres`, mood, "keeping-title"];
}

function store(health: Health | null): Cell {
  if (!health) return ["Base", "–", "", "sources-title"];
  const { up, milliseconds } = health.store;
  if (!up) return ["Base", "ne répond pas", "bad", "sources-title"];
  const took = Math.max(1, Math.round(milliseconds ?? 1));
  return ["Base", "répond", took > 500 ? "warn" : "good", "sources-title", `${took}\u00a0ms`];
}

function screens({ here, all }: Told["screens"]): Cell {
  if (!all) return ["Écrans", "aucun", "", "screens-title"];
  return ["Écrans", `${here} sur ${all}`, here < all ? "bad" : "good", "screens-title"];
}

function rebroadcast(restreams: Restream[]): Cell {
  const wanted = restreams.filter(({ state }) => state !== "off");
  const running = wanted.filter(({ state }) => state === "on");
  const mood = running.length < wanted.length ? "bad" : running.length ? "good" : "";
  const said = wanted.length ? `${running.length} sur ${wanted.length}` : "arrêtée";
  return ["Rediffusion", said, mood, "restreams-title"];
}

/** « 11 j », « 5 h », « 40 min »: what fits a sign. */
function lasting(duration: number): string {
  if (duration >= 2 * DAY) return `${Math.floor(duration / DAY)}\u00a0j`;
  if (duration >= 3600) return `${Math.floor(duration / 3600)}\u00a0h`;
  return `${Math.floor(duration / 60)}\u00a0min`;
}

/** « 82 Go » */
function bytes(size: number): string {
  return size >= 1e9 ? `${Math.round(size / 1e9)}\u00a0Go` : `${Math.round(size / 1e6)}\u00a0Mo`;
}
