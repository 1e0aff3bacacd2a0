// One screen in the control room: what it shows, whether it is well, and its settings.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { ago, seconds } from "../french";
import type { Lab } from "../lab_items";
import { labOf, labSign } from "../parts/lab_sign";
import * as icons from "../parts/icons";
import { facesFor } from "../parts/screen_faces";
import type { Screen } from "../protocol";

const ABSENT = 30; // seconds of silence after which a screen counts as away
const PICTURE = 10; // seconds for which a small picture of a channel is good

const SHOWING: Record<string, string> = {
  webrtc: "direct, WebRTC",
  delayed: "direct, WebRTC synchronisé",
  hls: "direct, LL-HLS",
  sync: "direct, HLS synchronisé",
  air: "conducteur",
  wall: "mur",
  lab: "laboratoire",
  comparison: "comparaison",
};
const AILING: Record<string, [string, string]> = {
  mending: ["se rétablit", "warn"],
  card: ["sans image", "warn"],
  asleep: ["en veille", ""],
};

export interface Acts {
  set(screen: Screen, change: Partial<Screen>): void;
  spot(screen: Screen): void;
  remove(screen: Screen): void;
}

export interface Known {
  now: number;
  at: number; // when one was told which screens are here
  mayRun: boolean;
  labs: Lab[];
  channels: { id: string; name: string }[];
}

/** Whether it had said something of late, `at` the time when one was told so. */
export function isHere(told: Screen | undefined, at: number): boolean {
  const seen = seconds(told?.seen_at);
  return seen != null && at - seen < ABSENT;
}

export function screenCard(screen: Screen, told: Screen | undefined, known: Known, acts: Acts) {
  const { now, at, mayRun } = known;
  const here = isHere(told, at);
  const [words, mood] = state(told, here, now);
  return html`<li class="regie-screen ${here ? "" : "away"}">
    <div class="regie-monitor" aria-hidden="true">${here ? shown(screen, known) : icons.hidden}</div>
    <div class="regie-words">
      <h4>${screen.name}</h4>
      <p class="regie-state ${mood}"><span class="lamp"></span>${words}</p>
      ${screen.group ? html`<p class="note">Groupe ${screen.group}</p>` : nothing}
      ${
        told?.heard === "refused" && here
          ? html`<p class="advice">Son refusé\u00a0: touchez cet écran une fois.</p>`
          : nothing
      }
    </div>
    ${
      mayRun
        ? html`<div class="acts">
              <button class="quiet" @click=${() => acts.spot(screen)}>
                Repérer cet écran<span class="visually-hidden">${"\u00a0"}: ${screen.name}</span>
              </button>
            </div>
            <details class="regie-settings">
              <summary>Régler<span class="visually-hidden"> ${screen.name}</span></summary>
              ${settings(screen, told, known, acts)}
            </details>`
        : nothing
    }
  </li>`;
}

function state(told: Screen | undefined, here: boolean, now: number): [string, string] {
  const seen = seconds(told?.seen_at);
  if (!here) return [seen == null ? "jamais vu" : `vu ${ago(seen, now)}`, "bad"];
  return AILING[told?.health ?? ""] ?? [SHOWING[told?.showing ?? ""] ?? "en marche", "good"];
}

/** A small picture of what it is told to show. */
function shown({ face, channel, lab }: Screen, { labs, now }: Known) {
  if (face === "live") {
    const address = `/${channel}/thumbnail.jpg?t=${Math.floor(now / PICTURE)}`;
    return html`<img src=${address} alt="" loading="lazy" />`; // where it shows
  }
  if (face === "lab") return labSign(labOf(labs, lab));
  return { air: icons.air, wall: icons.wall, comparison: icons.rooms }[face];
}

function settings(screen: Screen, told: Screen | undefined, known: Known, acts: Acts) {
  const { labs, channels } = known;
  const set = (change: Partial<Screen>) => acts.set(screen, change);
  const tick = (text: string, on: boolean, change: (on: boolean) => Partial<Screen>) =>
    html`<label class="choice">
      <input
        type="checkbox"
        .checked=${live(on)}
        @change=${(event: Event) => set(change((event.target as HTMLInputElement).checked))}
      />
      <span>${text}</span>
    </label>`;
  return html`<div class="screen-setting">
      ${select(
        "Affiche",
        facesFor(labs).map(([face, name]) => [face, name]),
        screen.face,
        (face) => set(facing(screen, face, labs)),
      )}
      ${
        labs.length
          ? select("Salle", rooms(labs, screen.face === "lab"), screen.lab, (lab) => set({ lab }))
          : nothing
      }
      ${
        channels.length > 1
          ? select(
              "Canal",
              channels.map(({ id, name }): [string, string] => [id, name]),
              screen.channel,
              (channel) => set({ channel }),
            )
          : nothing
      }
      ${tick("On entend cet écran", screen.sound, (sound) => ({ sound }))}
      ${tick("L’habillage est déjà dans son image", screen.carries_overlay, (on) => ({
        carries_overlay: on,
      }))}
    </div>
    <p class="regie-foot">
      ${told?.width ? html`<span class="note">${told.width} × ${told.height}</span>` : nothing}
      <button class="link" @click=${() => acts.remove(screen)}>
        Retirer<span class="visually-hidden"> ${screen.name}</span>
      </button>
    </p>`;
}

/** Where a screen may stand; one that shows a laboratory stands in one. */
export function rooms(labs: Lab[], inLab = false): [string, string][] {
  const all = labs.map(({ id, name }): [string, string] => [id, name]);
  return inLab ? all : [["", "Plateau et espaces communs"], ...all];
}

/** A screen that is to show a laboratory shows one at once. */
function facing({ lab }: Screen, face: Screen["face"], labs: Lab[]): Partial<Screen> {
  if (face !== "lab" || labs.some(({ id }) => id === lab)) return { face };
  return { face, lab: labs[0]?.id ?? "" };
}

function select<T extends string>(
  label: string,
  choices: [T, string][],
  chosen: T,
  choose: (value: T) => void,
) {
  return html`<label>
    <span>${label}</span>
    <select @change=${(event: Event) => choose((event.target as HTMLSelectElement).value as T)}>
      ${choices.map(
        ([value, text]) =>
          html`<option value=${value} .selected=${live(value === chosen)}>${text}</option>`,
      )}
    </select>
  </label>`;
}
