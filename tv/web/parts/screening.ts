// The picture of a replay, with its captions and its controls.

import { html, nothing, render } from "lit";
import { spoken, stopwatch } from "../french";
import { type Preferences, prefer, preferences } from "../kept";
import { inStep } from "../player/captions";
import { language, t } from "../language";
import { Cues } from "../player/cues";
import { Reel } from "../player/reel";
import type { Cue } from "../protocol";
import type { Replay } from "../recorded";
import { CaptionLines, position } from "./caption_lines";
import { toggleFullscreen } from "./fullscreen";
import { Gear } from "./gear";
import * as icons from "./icons";
import * as playing from "./player_icons";
import { type Course, type Mark, NEARLY, STEP, Timeline } from "./timeline";
import { tool } from "./tool";
import { variable } from "./variable";

const PAINTING = 100; // ms between two looks at where the film is
const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];
const LAST = 0.15; // seconds before the end that are the end: hls.js does not always say so
const LOUDER = 0.1; // of the volume
const KEYS: [string, string][] = [
  [t("Espace"), t("pause")],
  ["←", t("reculer")],
  ["→", t("avancer")],
  ["M", t("son")],
  ["C", t("sous-titres")],
  ["F", t("plein écran")],
];

export class Screening {
  marks: Mark[] = [];
  thumbnail: (second: number) => string = () => "";
  onMoment: (time: number) => void = () => {}; // as the film goes on
  onLost: () => void = () => {}; // it cannot be had (any more)

  private readonly reel: Reel;
  private replay: Replay | null = null;
  private cues = new Cues();
  private readonly lines: CaptionLines;
  private second = -1;
  private readonly timeline = new Timeline(
    (time) => this.go(time),
    () => this.draw(),
  );
  private readonly settings = new Gear(
    { title: t("Réglages des sous-titres"), live: false, keys: KEYS },
    (change) => this.set(change),
  );

  /** `box` holds the picture and its captions, `bar` the controls. */
  constructor(
    private readonly box: HTMLElement,
    private readonly bar: HTMLElement,
  ) {
    this.lines = new CaptionLines(box);
    this.reel = new Reel(
      box.querySelector(".pictures") as HTMLElement,
      () => this.draw(),
      () => this.onLost(),
    );
    box.tabIndex = -1; // a click on the picture gives it the keys
    setInterval(() => this.look(), PAINTING);
    document.addEventListener("fullscreenchange", () => this.draw());
    document.addEventListener("keydown", (event) => this.key(event));
    box.querySelector(".overlay")?.addEventListener("click", () => this.toggle());
    this.draw();
  }

  /** Show a replay from a broadcast time on. */
  show(replay: Replay, from: number): void {
    this.replay = replay;
    void this.reel.load(replay.playlist, from);
  }

  hear(cues: Cue[]): void {
    this.cues = new Cues();
    this.cues.hear(cues, 0);
  }

  /** The broadcast time of the picture, or of where the replay begins. */
  moment(): number {
    return this.reel.moment() ?? this.replay?.start ?? 0;
  }

  /** Go there, wherever the bar was leading to. */
  seek(time: number): void {
    this.timeline.forget();
    this.go(time);
  }

  private go(time: number): void {
    const { replay } = this;
    if (!replay) return;
    this.reel.seek(Math.min(replay.end, Math.max(replay.start, time)));
    this.look();
  }

  /** Play or pause; from the start again where it has ended. */
  private toggle(): void {
    const { reel, replay } = this;
    if (replay && reel.paused && this.moment() > replay.end - 2 * LAST) this.seek(replay.start);
    reel.toggle();
  }

  /** Go there, and play. */
  play(time: number): void {
    this.seek(time);
    this.reel.play();
  }

  /** Where the film is: captions at each look, the rest once a second. */
  private look(): void {
    this.reel.look();
    if (!this.replay || this.reel.loading) return;
    const shown = this.moment();
    if (!this.reel.paused && shown > this.replay.end - LAST) this.reel.video?.pause();
    this.paint(shown);
    this.onMoment(shown);
    const second = Math.floor(shown - this.replay.start);
    if (second !== this.second) this.draw();
    this.second = second;
  }

  private paint(shown: number): void {
    this.lines.fit();
    const { width } = this.lines;
    this.lines.paint(preferences.captions ? inStep(this.cues.all, shown, width) : []);
  }

  draw(): void {
    this.lines.dress(preferences.captions);
    this.box.classList.toggle("without-picture", this.reel.loading);
    render(this.overlay(), this.box.querySelector(".overlay") as HTMLElement);
    render(this.controls(), this.bar);
  }

  private overlay() {
    if (this.reel.loading)
      return html`<p class="stage-note"><span class="spinner"></span>${t("Le replay se prépare…")}</p>`;
    if (!this.reel.waits) return nothing;
    return html`<button class="begin" aria-label=${t("Lire le replay")}>${icons.play}</button>`;
  }

  private controls() {
    const { replay, reel } = this;
    const { paused, quiet } = reel;
    const pausing = paused ? t("Lire") : t("Mettre en pause");
    const sound = quiet ? t("Activer le son") : t("Couper le son");
    const caption = () => this.set({ captions: !preferences.captions });
    const course = this.course();
    const shown = course.shown - course.start + NEARLY;
    return html`
      <div class="course">
        <span class="clock">${stopwatch(shown)}</span>
        ${this.timeline.render(course)}
        <span class="clock">${stopwatch(replay?.duration ?? 0)}</span>
      </div>
      ${tool(pausing, paused ? icons.play : playing.stop, () => this.toggle())}
      ${tool(t("Reculer de dix secondes"), playing.back, () => this.step(-STEP))}
      ${tool(t("Avancer de dix secondes"), playing.forward, () => this.step(STEP))}
      ${tool(sound, quiet ? playing.muted : icons.sound, () => reel.mute(!quiet))}
      <label class="volume">
        <span class="visually-hidden">${t("Volume")}</span>
        <input
          type="range"
          min="0"
          max="1"
          step="0.05"
          aria-valuetext="${Math.round(100 * (quiet ? 0 : reel.volume))} %"
          .value=${String(quiet ? 0 : reel.volume)}
          ${variable("--filled", `${100 * (quiet ? 0 : reel.volume)}%`)}
          @input=${(event: InputEvent) =>
            reel.loud(Number((event.target as HTMLInputElement).value))}
        />
      </label>
      <span class="room"></span>
      <label class="speed">
        <span class="visually-hidden">${t("Vitesse")}</span>
        <select
          @change=${(event: Event) => reel.hurry(Number((event.target as HTMLSelectElement).value))}
        >
          ${SPEEDS.map(
            (speed) =>
              html`<option value=${speed} ?selected=${speed === reel.speed}>
                ${speed.toLocaleString(language)}${"\u00a0"}×
              </option>`,
          )}
        </select>
      </label>
      ${tool(t("Sous-titres"), icons.captions, caption, { pressed: preferences.captions })}
      ${this.settings.render(position(), [
        replay?.reviewed ? t("Sous-titres automatiques, relus.") : t("Sous-titres automatiques, non relus."),
      ])}
      ${tool(t("Plein écran"), playing.fullscreen, () => this.fullscreen())}
    `;
  }

  private course(): Course {
    const { start = 0, end = 0, duration = 0 } = this.replay ?? {};
    return {
      start,
      end,
      shown: this.moment(),
      label: t("Position dans le replay"),
      text: (time) =>
        t("{shown} sur {whole}", { shown: spoken(time - start), whole: spoken(duration) }),
      marks: this.marks,
      thumbnail: (time) => this.thumbnail(time - start),
    };
  }

  private step(by: number): void {
    if (this.replay) this.timeline.step(by, this.course());
  }

  private set(change: Partial<Preferences>): void {
    prefer(change);
    this.draw();
    if (!this.reel.loading) this.paint(this.moment());
  }

  private fullscreen(): void {
    toggleFullscreen(this.box.parentElement, this.reel.video);
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (!preferences.shortcuts || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest("input, textarea, select, dialog, [role=tab], .sheet")) return;
    const pressing = target.closest("button, a, summary, [role=button]");
    const acts: Record<string, () => void> = {
      k: () => this.toggle(),
      m: () => this.reel.mute(!this.reel.quiet),
      c: () => this.set({ captions: !preferences.captions }),
      f: () => this.fullscreen(),
      ArrowLeft: () => this.step(-STEP),
      ArrowRight: () => this.step(STEP),
    };
    if (!pressing) acts[" "] = () => this.toggle();
    if (target.closest(".scene")) {
      acts["ArrowUp"] = () => this.reel.loud(this.reel.volume + LOUDER);
      acts["ArrowDown"] = () => this.reel.loud(this.reel.volume - LOUDER);
    }
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    if (!event.repeat || event.key.startsWith("Arrow")) act(); // one that is held only moves on
  }
}
