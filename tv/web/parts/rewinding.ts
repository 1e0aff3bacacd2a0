// Back in the talk that is on air, and forth again: the bar, its steps, a pause that is kept.

import { html, nothing } from "lit";
import { call } from "../api";
import * as clock from "../clock";
import { seconds, spoken, stopwatch } from "../french";
import { t } from "../language";
import type { Player } from "../player/player";
import type { Channel, Cue, Talk } from "../protocol";
import * as playing from "./player_icons";
import { announce } from "./text";
import { type Course, STEP, Timeline } from "./timeline";
import { tool } from "./tool";

const NEAR = 6; // seconds before now that are live
const REACH = 600; // seconds of captions that are asked for at once
const AGAIN = 10_000; // ms before captions that did not come are asked for again

export class Rewinding {
  talk: Talk | undefined; // as the server last said it
  channel: Channel | undefined;
  private readonly timeline: Timeline;
  private readonly recalled = new Set<number>(); // which tens of minutes have their captions here
  private back = false; // the viewer went back, and has not returned

  /** `hear` is given the captions of what was said before. */
  constructor(
    private readonly player: Player,
    private readonly hear: (cues: Cue[]) => void,
    changed: () => void,
  ) {
    this.timeline = new Timeline((time) => this.go(time), changed);
  }

  /** The talk so far; null where one cannot go back. */
  private course(): Course | null {
    const { talk, channel } = this;
    const kept = talk?.state === "live" && talk.recorded && channel?.rewind;
    const began = kept ? seconds(talk.started_at) : null;
    const now = clock.now();
    if (began == null || now - began < NEAR) return null;
    const behind = (time: number) => now - time;
    return {
      start: began,
      end: now,
      shown: this.player.mediaTime() ?? now,
      label: t("Revenir en arrière dans l’intervention"),
      text: (time) =>
        behind(time) < NEAR
          ? t("En direct")
          : t("{since} après le début, {until} avant le direct", {
              since: spoken(time - began),
              until: spoken(behind(time)),
            }),
      short: (time) => (behind(time) < NEAR ? t("direct") : `−${stopwatch(behind(time))}`),
    };
  }

  render() {
    this.notice();
    const course = this.course();
    if (!course) return nothing;
    if (this.player.rewound) this.recall(course.shown);
    const step = (by: number) => this.timeline.step(by, course);
    return html`<div class="rewinding">
      ${tool(t("Reculer de dix secondes"), playing.back, () => step(-STEP), {
        title: t("Reculer de dix secondes (←)"),
      })}
      ${this.timeline.render(course)}
      ${tool(t("Avancer de dix secondes"), playing.forward, () => step(STEP), {
        title: t("Avancer de dix secondes (→)"),
        off: !this.player.rewound,
      })}
    </div>`;
  }

  step(by: number): void {
    const course = this.course();
    if (course && (by < 0 || this.player.rewound)) this.timeline.step(by, course);
  }

  /** Pause, or go on: from where one paused, as long as that is kept. */
  toggle(): void {
    if (!this.player.state.paused) return this.player.pause();
    const shown = this.player.mediaTime();
    if (shown != null && this.player.strayed && this.course()) this.go(shown);
    this.player.resume();
  }

  live(): void {
    this.leave();
    this.player.catchUp();
  }

  /** What the viewer chose is no longer in the past: that is no news. */
  leave(): void {
    this.back = false;
    this.timeline.forget();
  }

  private go(time: number): void {
    if (clock.now() - time < NEAR) return this.live();
    this.back = true;
    this.player.rewind(time);
    this.recall(time);
  }

  /** The player gives up what is not kept, or kept no longer. */
  private notice(): void {
    if (!this.back || this.player.rewound) return;
    this.back = false;
    this.timeline.forget();
    announce(
      this.talk?.state === "live"
        ? t("Ce moment ne peut pas être revu maintenant.")
        : t("L’intervention est terminée\u00a0: retour au direct."),
    );
  }

  /** Have the captions around a moment here, and those that come next. */
  private recall(moment: number): void {
    for (const near of [moment, moment + REACH / 2]) {
      const reach = Math.floor(near / REACH);
      if (this.recalled.has(reach) || reach * REACH > clock.now()) continue;
      this.recalled.add(reach);
      void this.fetch(reach * REACH).catch(() => {
        setTimeout(() => this.recalled.delete(reach), AGAIN); // until then, as they come
      });
    }
  }

  private async fetch(from: number): Promise<void> {
    const span = `from=${from}&to=${from + REACH}`;
    const address = `/api/v1/talks/${this.talk?.id}/captions.json?${span}`;
    this.hear((await call<{ items: Cue[] }>("GET", address)).items);
  }
}
