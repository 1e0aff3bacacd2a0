// One studio in its slot: how it does, in figures and in words.

import { html, nothing } from "lit";
import { count, decimal, sized, stopwatch } from "../french";
import type { Slot, Source } from "../protocol";
import * as icons from "./icons";
import { loudness } from "./loudness";

export const SLOTS = { primary: "Principal", backup: "Secours" };
export const KINDS: Record<string, string> = {
  rtmp: "RTMP",
  whip: "WHIP",
  srt: "SRT",
  pull: "Lecture",
};
const CODECS: Record<string, string> = {
  h264: "H.264",
  hevc: "HEVC",
  av1: "AV1",
  vp8: "VP8",
  vp9: "VP9",
  mpeg2video: "MPEG-2",
  aac: "AAC",
  opus: "Opus",
  mp3: "MP3",
  mp2: "MP2",
  ac3: "AC-3",
  eac3: "E-AC-3",
};
const UNKNOWN = "–";

const LONGEST_GOP = 3; // seconds: as streaming/diagnosis.py judges
const LATE = 0.3;
const NOTABLE = 3; // seconds: nothing blinks at a fade or between two sentences
const STILL = 20; // s: slides stay as long as that, and longer

type Figure = [name: string, value: string, odd?: boolean];

/** A slot with its studio, or the place that waits for one. */
export function sourceCard(slot: Slot, source: Source | undefined, now: number) {
  if (!source?.connected) {
    return html`<li class="source absent">
      <div class="source-head">
        <h3>${SLOTS[slot]}</h3>
        <span class="tag off">Absente</span>
      </div>
      ${source?.kind ? advice(source) : nothing}
    </li>`;
  }
  return html`<li class="source ${source.on_air ? "live" : ""}">
    <div class="source-head">
      <h3>${SLOTS[slot]}</h3>
      <span class="via">${KINDS[source.kind] ?? source.kind.toUpperCase()}</span>
      ${standing(source)}
    </div>
    <p class="source-format">${format(source)}</p>
    ${loudness(source.loudness, source.silent > 0)}
    <dl class="figures">
      ${figures(source, now).map(
        ([name, value, odd]) =>
          html`<div class=${odd ? "odd" : ""}><dt>${name}</dt><dd>${value}</dd></div>`,
      )}
    </dl>
    ${
      source.encoded
        ? html`<p class="encoded"><strong>Réencodée ici</strong> ${source.encoded}</p>`
        : nothing
    }
    ${ailments(source)} ${advice(source)}
  </li>`;
}

/** What one sees and hears of it: how bad, what, and for how long. */
export function ailing({ black, frozen, silent }: Source): [string, string, number][] {
  const found: [string, string, number, number][] = [
    ["bad", "Image noire", black, NOTABLE],
    ["mild", "Image figée", frozen, STILL],
    ["mild", "Silence", silent, NOTABLE],
  ];
  return found
    .filter(([, , lasts, notable]) => lasts >= notable)
    .map(([mood, what, lasts]) => [mood, what, lasts]);
}

/** Stillness and silence may be meant: a slide, a pause. */
function ailments(source: Source) {
  const found = ailing(source);
  if (!found.length) return nothing;
  return html`<ul class="ailments">
    ${found.map(
      ([mood, what, lasts]) =>
        html`<li class=${mood}>${icons.warning} ${what} depuis ${stopwatch(lasts)}</li>`,
    )}
  </ul>`;
}

function standing({ on_air, frame_rate }: Source) {
  if (on_air) return html`<span class="tag"><span class="tally"></span>À l’antenne</span>`;
  return frame_rate
    ? html`<span class="tag ready"><span class="lamp"></span>Prête</span>`
    : html`<span class="tag off">Sans image</span>`;
}

function advice(source: Source) {
  if (!source.advice.length) return nothing;
  return html`<ul class="advices" aria-label="Conseils">
    ${source.advice.map((sentence) => html`<li class="advice">${sentence}</li>`)}
  </ul>`;
}

/** What it says of itself; the figures say what it does. */
function format({ width, height, announced_rate: announced, video, profile, sound }: Source) {
  const parts = [
    width ? `${width}\u00a0×\u00a0${height}` : "",
    announced ? `${rate(announced)}\u00a0i/s annoncées` : "",
    [CODECS[video] ?? video, profile].filter(Boolean).join(" "),
    CODECS[sound] ?? sound,
  ];
  const known = parts.filter(Boolean);
  if (!known.length) return "En attente d’images…";
  const dot = html`<span class="dot"></span>`;
  return known.map(
    (part, rank) =>
      html`<span class="together">${part}${rank < known.length - 1 ? dot : nothing}</span> `,
  );
}

function figures(source: Source, now: number): Figure[] {
  const { announced_rate: announced, frame_rate: measured, keyframe_interval: gop } = source;
  const slow = announced > 0 && measured > 0 && Math.abs(measured - announced) > 0.1 * announced;
  const shown: Figure[] = [
    ["Images/s", measured ? rate(measured) : UNKNOWN, slow],
    ["Débit", source.bitrate ? sized(source.bitrate) : UNKNOWN],
    ["Image clé", gop ? `${decimal(gop)}\u00a0s` : UNKNOWN, gop > LONGEST_GOP],
    ["Images B", measured ? (source.reorders ? "oui" : "non") : UNKNOWN, source.reorders],
    ["Dérive", measured ? milliseconds(source.drift, true) : UNKNOWN, source.drift > LATE],
  ];
  // RTMP and files come over TCP, which loses nothing and tells no round trip.
  if (source.kind === "srt" || source.kind === "whip" || source.lost || source.round_trip) {
    shown.push(["Pertes", count(source.lost, "paquet", "paquets"), source.lost > 0]);
    const trip = source.round_trip ? milliseconds(source.round_trip) : UNKNOWN;
    shown.push(["Aller-retour", trip]);
  }
  shown.push(["Connectée", source.since ? stopwatch(now - source.since) : UNKNOWN]);
  return shown;
}

function rate(value: number): string {
  return value.toLocaleString("fr-FR", { maximumFractionDigits: 2 });
}

function milliseconds(seconds: number, signed = false): string {
  const value = Math.round(seconds * 1000);
  const sign = value < 0 ? "−" : signed && value > 0 ? "+" : "";
  if (Math.abs(value) >= 1000) return `${sign}${decimal(Math.abs(seconds))}\u00a0s`;
  return `${sign}${Math.abs(value)}\u00a0ms`;
}
